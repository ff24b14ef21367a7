#include "services/common/hmac_sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace ropewalk {

std::string HmacSha256(absl::string_view key, absl::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int bytes = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &bytes);
  return std::string(reinterpret_cast<char*>(digest), bytes);
}

}  // namespace ropewalk
