#include "services/registry/access/token_text.h"

#include <openssl/rand.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "services/common/sha256.h"

namespace ropewalk {
namespace {

constexpr absl::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr int kLength = 34;
// The largest multiple of the alphabet's size in a byte: beyond it letters would not be equally
// likely.
constexpr int kFair = 256 / kAlphabet.size() * kAlphabet.size();

}  // namespace

std::string MakeTokenText() {
  std::string text = "hf_";
  const size_t whole = text.size() + kLength;
  while (text.size() < whole) {
    unsigned char byte = 0;
    RAND_bytes(&byte, 1);
    if (byte < kFair) text.push_back(kAlphabet[byte % kAlphabet.size()]);
  }
  return text;
}

std::string TokenHash(absl::string_view text) { return Sha256Hex(text); }

// RFC 9110, 11.1: the scheme's case does not matter.
std::string BearerOf(absl::string_view authorization) {
  constexpr absl::string_view kScheme = "bearer ";
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return "";
  return std::string(absl::StripAsciiWhitespace(authorization.substr(kScheme.size())));
}

}  // namespace ropewalk
