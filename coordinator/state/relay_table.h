#pragma once

#include <map>
#include <string>

#include "absl/types/span.h"
#include "coordinator/state/link_table.h"
#include "ropewalk/v1/worker_service.pb.h"

namespace ropewalk {

// Through whom workers are reached that others cannot dial: each through one, its relay, that it
// can dial itself and that all others can. The relay stays the same as long as both are there. Not
// thread-safe.
class RelayTable {
 public:
  // These workers are there, and no others; by what `links` knows now.
  void Plan(const LinkTable& links, absl::Span<const v1::Member> present);

  // Null: the worker is reached through nobody.
  const v1::Member* RelayOf(const std::string& worker) const;

 private:
  struct Relayed {
    v1::Member worker;
    v1::Member relay;
  };

  std::map<std::string, Relayed> relayed_;  // by name
};

}  // namespace ropewalk
