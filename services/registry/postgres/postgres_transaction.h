#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace ropewalk {

// A transaction of a PostgresSession, for the work that it runs. Throws what libpqxx throws, which
// the session makes a status of. Not thread-safe.
class PostgresTransaction {
 public:
  // Neither is owned.
  PostgresTransaction(pqxx::connection_base* connection, pqxx::transaction_base* transaction)
      : connection_(connection), transaction_(transaction) {}

  // Runs a statement whose text is always the same: the server keeps it prepared.
  template <typename... Parameters>
  pqxx::result Run(const std::string& sql, const Parameters&... parameters) {
    const std::string name = absl::StrCat("s", absl::Hex(std::hash<std::string>()(sql)));
    connection_->prepare(name, sql);
    return transaction_->exec_prepared(name, parameters...);
  }

  // Runs a statement that was put together for this time.
  pqxx::result RunOnce(const std::string& sql, const std::vector<std::string>& parameters) {
    return transaction_->exec_params(sql, pqxx::prepare::make_dynamic_params(parameters));
  }

  // Runs several statements without parameters; the last one's rows.
  pqxx::result RunScript(const std::string& sql) { return transaction_->exec(sql); }

 private:
  pqxx::connection_base* const connection_;
  pqxx::transaction_base* const transaction_;
};

}  // namespace ropewalk
