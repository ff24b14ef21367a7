#include "services/registry/git_oid.h"

#include <openssl/evp.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

constexpr size_t kOidDigits = 40;

std::string ObjectOid(absl::string_view kind, absl::string_view bytes) {
  GitHash hash(kind, bytes.size());
  hash.Update(bytes);
  return hash.Oid();
}

// Git orders a folder as if its name ended with '/'.
std::string OrderKey(const GitTreeEntry& entry) {
  return entry.is_folder ? absl::StrCat(entry.name, "/") : entry.name;
}

}  // namespace

struct GitHash::State {
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

GitHash::GitHash(absl::string_view kind, int64_t size_bytes) : state_(std::make_unique<State>()) {
  EVP_DigestInit_ex(state_->context, EVP_sha1(), nullptr);
  Update(absl::StrCat(kind, " ", size_bytes, absl::string_view("\0", 1)));
}
GitHash::~GitHash() = default;

void GitHash::Update(absl::string_view bytes) {
  EVP_DigestUpdate(state_->context, bytes.data(), bytes.size());
}

std::string GitHash::Oid() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_DigestFinal_ex(state_->context, digest, &size);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

bool IsGitOid(absl::string_view text) {
  return text.size() == kOidDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

std::string GitBlobOid(absl::string_view bytes) { return ObjectOid("blob", bytes); }

std::string LfsPointer(absl::string_view sha256, int64_t size_bytes) {
  return absl::StrCat("version https://git-lfs.github.com/spec/v1\noid sha256:", sha256, "\nsize ",
                      size_bytes, "\n");
}

std::string GitTreeOid(std::vector<GitTreeEntry> entries) {
  std::sort(entries.begin(), entries.end(),
            [](const GitTreeEntry& a, const GitTreeEntry& b) { return OrderKey(a) < OrderKey(b); });
  std::string bytes;
  for (const GitTreeEntry& entry : entries) {
    absl::StrAppend(&bytes, entry.is_folder ? "40000 " : "100644 ", entry.name,
                    absl::string_view("\0", 1), absl::HexStringToBytes(entry.oid));
  }
  return ObjectOid("tree", bytes);
}

}  // namespace ropewalk
