#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/registry/postgres/postgres_transaction.h"

namespace ropewalk {

// What several methods of PostgresMetadataStore share. Statements throw what libpqxx throws.

// A statement that is put together, and the texts of its parameters.
struct PostgresStatement {
  std::string sql;
  std::vector<std::string> parameters;

  // Adds a parameter; what stands for it in the text.
  std::string Parameter(std::string text) {
    parameters.push_back(std::move(text));
    return absl::StrCat("$", parameters.size());
  }
};

absl::Status NoVersion(const std::string& repository, const std::string& version);
absl::Status NoTag(const std::string& repository, const std::string& tag);

// "{kind}" of "{kind}/{namespace}/{name}".
std::string KindOf(const std::string& repository);

// NOT_FOUND: there is no such version.
absl::StatusOr<int64_t> FindVersionId(PostgresTransaction& transaction,
                                      const std::string& repository, const std::string& version);

// Makes the repository if it is not there; its update time becomes `micros` if that is later.
void TouchRepository(PostgresTransaction& transaction, const std::string& name, int64_t micros);

}  // namespace ropewalk
