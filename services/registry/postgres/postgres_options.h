#pragma once

#include "absl/time/time.h"

namespace ropewalk {

// How many connections a store may have to its server, and how long it waits for what.
struct PostgresOptions {
  // Besides the one of the write lock. All processes together must stay below the server's
  // max_connections, which is 100 unless somebody changed it.
  int connections = 8;
  // To reach the server, each of its addresses.
  absl::Duration connect = absl::Seconds(5);
  // For a free connection.
  absl::Duration free_connection = absl::Seconds(20);
  // One statement; and a lock that another transaction holds.
  absl::Duration statement = absl::Seconds(20);
  absl::Duration row_lock = absl::Seconds(10);
  // All of a transaction. Then the connection is cut, also if the server has gone silent.
  absl::Duration transaction = absl::Minutes(1);
  // For others to let go of the write lock.
  absl::Duration write_lock = absl::Seconds(30);
  // A holder of the write lock who asks the server for nothing for so long loses it.
  absl::Duration write_lock_idle = absl::Minutes(5);
};

}  // namespace ropewalk
