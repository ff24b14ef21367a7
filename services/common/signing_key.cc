#include "services/common/signing_key.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "absl/strings/escaping.h"
#include "services/common/hmac_sha256.h"

namespace ropewalk {

std::string SigningKey::RandomBytes() {
  std::string bytes(kBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(kBytes));
  return bytes;
}

std::string SigningKey::Sign(absl::string_view text) const {
  return absl::BytesToHexString(HmacSha256(bytes_, text));
}

bool SigningKey::Check(absl::string_view text, absl::string_view signature) const {
  const std::string expected = Sign(text);
  return signature.size() == expected.size() &&
         CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
}

}  // namespace ropewalk
