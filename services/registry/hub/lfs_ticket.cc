#include "services/registry/hub/lfs_ticket.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr int kKeyBytes = 32;

std::string RandomKey() {
  std::string key(kKeyBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), kKeyBytes);
  return key;
}

}  // namespace

LfsTickets::LfsTickets() : key_(RandomKey()) {}

std::string LfsTickets::Sign(absl::string_view oid, absl::string_view size,
                             absl::string_view expiry) const {
  const std::string text = absl::StrCat(oid, " ", size, " ", expiry);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key_.data(), kKeyBytes, reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &bytes);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), bytes));
}

std::string LfsTickets::Issue(absl::string_view oid, int64_t size_bytes, absl::Time expiry) const {
  const std::string size = absl::StrCat(size_bytes);
  const std::string until = absl::StrCat(absl::ToUnixSeconds(expiry));
  return FormatQuery({{"size", size}, {"expires", until}, {"signature", Sign(oid, size, until)}});
}

int64_t LfsTickets::Check(absl::string_view oid, const QueryFields& query, absl::Time now) const {
  const std::string size = FieldOf(query, "size");
  const std::string until = FieldOf(query, "expires");
  const std::string expected = Sign(oid, size, until);
  const std::string given = FieldOf(query, "signature");
  const bool same = given.size() == expected.size() &&
                    CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
  int64_t size_bytes = 0;
  int64_t seconds = 0;
  if (!same || !absl::SimpleAtoi(size, &size_bytes) || !absl::SimpleAtoi(until, &seconds))
    return -1;
  return now <= absl::FromUnixSeconds(seconds) ? size_bytes : -1;
}

}  // namespace ropewalk
