#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/sqlite_metadata_store.h"

// SqliteMetadataStore: access tokens and the secret.

namespace ropewalk {
namespace {

absl::StatusOr<v1::AccessToken> ParseToken(const std::string& bytes) {
  v1::AccessToken token;
  if (token.ParseFromString(bytes)) return token;
  return absl::DataLossError("an access token in the database is damaged");
}

}  // namespace

absl::Status SqliteMetadataStore::AddToken(const std::string& hash, const v1::AccessToken& token) {
  MutexLock lock(&mutex_);
  SqliteStatement insert =
      database_.Prepare("INSERT OR IGNORE INTO tokens(name, hash, token) VALUES(?, ?, ?)");
  insert.Bind(token.name()).Bind(hash).BindBlob(token.SerializeAsString());
  RETURN_IF_ERROR(insert.Run());
  if (database_.changes() > 0) return absl::OkStatus();
  return absl::AlreadyExistsError(absl::StrCat("there is a token ", token.name(), " already"));
}

absl::StatusOr<v1::AccessToken> SqliteMetadataStore::FindToken(const std::string& hash) {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare("SELECT token FROM tokens WHERE hash = ?");
  ASSIGN_OR_RETURN(const bool found, select.Bind(hash).Step());
  if (!found) return absl::NotFoundError("there is no such token");
  return ParseToken(select.Bytes(0));
}

absl::StatusOr<std::vector<v1::AccessToken>> SqliteMetadataStore::ListTokens() {
  MutexLock lock(&mutex_);
  SqliteStatement select = database_.Prepare("SELECT token FROM tokens ORDER BY name");
  std::vector<v1::AccessToken> tokens;
  while (true) {
    ASSIGN_OR_RETURN(const bool found, select.Step());
    if (!found) return tokens;
    ASSIGN_OR_RETURN(tokens.emplace_back(), ParseToken(select.Bytes(0)));
  }
}

absl::Status SqliteMetadataStore::DeleteToken(const std::string& name) {
  MutexLock lock(&mutex_);
  SqliteStatement remove = database_.Prepare("DELETE FROM tokens WHERE name = ?");
  RETURN_IF_ERROR(remove.Bind(name).Run());
  if (database_.changes() > 0) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("there is no token ", name));
}

absl::StatusOr<std::string> SqliteMetadataStore::KeepSecret(const std::string& proposal) {
  MutexLock lock(&mutex_);
  SqliteStatement insert = database_.Prepare("INSERT OR IGNORE INTO secrets VALUES('signing', ?)");
  RETURN_IF_ERROR(insert.BindBlob(proposal).Run());
  SqliteStatement select = database_.Prepare("SELECT secret FROM secrets WHERE name = 'signing'");
  RETURN_IF_ERROR(select.Step().status());
  return select.Bytes(0);
}

}  // namespace ropewalk
