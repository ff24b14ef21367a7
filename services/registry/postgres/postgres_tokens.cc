#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/postgres/postgres_metadata_store.h"
#include "services/registry/postgres/postgres_text.h"

// PostgresMetadataStore: access tokens and the secret.

namespace ropewalk {
namespace {

absl::StatusOr<v1::AccessToken> TokenOf(const pqxx::row& row) {
  v1::AccessToken token;
  if (token.ParseFromString(pqxx::binarystring(row[0]).str())) return token;
  return absl::DataLossError("an access token in the database is damaged");
}

}  // namespace

absl::Status PostgresMetadataStore::AddToken(const std::string& hash,
                                             const v1::AccessToken& token) {
  return Change([&](PostgresTransaction& transaction) {
    const pqxx::result added = transaction.Run(
        "INSERT INTO tokens(name, hash, token) VALUES($1, $2, $3) ON CONFLICT DO NOTHING",
        token.name(), hash, PostgresBytes(token.SerializeAsString()));
    if (added.affected_rows() > 0) return absl::OkStatus();
    return absl::AlreadyExistsError(absl::StrCat("there is a token ", token.name(), " already"));
  });
}

absl::StatusOr<v1::AccessToken> PostgresMetadataStore::FindToken(const std::string& hash) {
  return Look<v1::AccessToken>(
      TransactionKind::kStatement,
      [&](PostgresTransaction& transaction) -> absl::StatusOr<v1::AccessToken> {
        const pqxx::result rows = transaction.Run("SELECT token FROM tokens WHERE hash = $1", hash);
        if (rows.empty()) return absl::NotFoundError("there is no such token");
        return TokenOf(rows[0]);
      });
}

absl::StatusOr<std::vector<v1::AccessToken>> PostgresMetadataStore::ListTokens() {
  using Tokens = std::vector<v1::AccessToken>;
  return Look<Tokens>(
      TransactionKind::kStatement, [&](PostgresTransaction& transaction) -> absl::StatusOr<Tokens> {
        Tokens tokens;
        for (const pqxx::row& row : transaction.Run("SELECT token FROM tokens ORDER BY name")) {
          ASSIGN_OR_RETURN(tokens.emplace_back(), TokenOf(row));
        }
        return tokens;
      });
}

absl::Status PostgresMetadataStore::DeleteToken(const std::string& name) {
  return Change([&](PostgresTransaction& transaction) {
    const pqxx::result removed = transaction.Run("DELETE FROM tokens WHERE name = $1", name);
    if (removed.affected_rows() > 0) return absl::OkStatus();
    return absl::NotFoundError(absl::StrCat("there is no token ", name));
  });
}

absl::StatusOr<std::string> PostgresMetadataStore::KeepSecret(const std::string& proposal) {
  RETURN_IF_ERROR(Change([&](PostgresTransaction& transaction) {
    transaction.Run("INSERT INTO secrets VALUES('signing', $1) ON CONFLICT DO NOTHING",
                    PostgresBytes(proposal));
    return absl::OkStatus();
  }));
  return Look<std::string>(TransactionKind::kStatement,
                           [](PostgresTransaction& transaction) -> absl::StatusOr<std::string> {
                             const pqxx::result rows = transaction.Run(
                                 "SELECT secret FROM secrets WHERE name = 'signing'");
                             return pqxx::binarystring(rows[0][0]).str();
                           });
}

}  // namespace ropewalk
