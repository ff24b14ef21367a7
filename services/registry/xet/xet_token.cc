#include "services/registry/xet/xet_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdint>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr char kPrefix[] = "xet";

}  // namespace

absl::StatusOr<XetTokens> XetTokens::Open(const std::string& path) {
  const absl::StatusOr<std::string> there = ReadFile(path);
  if (there.ok() && there->size() == kKeyBytes) return XetTokens(*there);
  if (!there.ok() && !absl::IsNotFound(there.status())) return there.status();
  std::string key(kKeyBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), kKeyBytes);
  RETURN_IF_ERROR(WriteSecretFile(path, key));
  return XetTokens(std::move(key));
}

std::string XetTokens::Sign(absl::string_view expiry) const {
  const std::string text = absl::StrCat("xet write until ", expiry);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key_.data(), key_.size(), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &bytes);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), bytes));
}

std::string XetTokens::Issue(absl::Time expiry) const {
  const std::string until = absl::StrCat(absl::ToUnixSeconds(expiry));
  return absl::StrCat(kPrefix, "_", until, "_", Sign(until));
}

bool XetTokens::Check(absl::string_view token, absl::Time now) const {
  const std::vector<std::string> parts = absl::StrSplit(token, '_');
  if (parts.size() != 3 || parts[0] != kPrefix) return false;
  const std::string expected = Sign(parts[1]);
  const bool same = parts[2].size() == expected.size() &&
                    CRYPTO_memcmp(parts[2].data(), expected.data(), expected.size()) == 0;
  int64_t seconds = 0;
  return same && absl::SimpleAtoi(parts[1], &seconds) && now <= absl::FromUnixSeconds(seconds);
}

}  // namespace ropewalk
