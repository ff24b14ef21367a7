#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace ropewalk {

// How git names things: the SHA-1, in hex, of an object's kind, size and bytes.

// Of an object that comes in pieces. Not thread-safe.
class GitHash {
 public:
  // `kind`: "blob" for a file, "tree" for a folder.
  GitHash(absl::string_view kind, int64_t size_bytes);
  ~GitHash();
  GitHash(const GitHash&) = delete;
  GitHash& operator=(const GitHash&) = delete;

  void Update(absl::string_view bytes);

  // Ends the hash: call nothing else afterwards.
  std::string Oid();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// 40 hex digits in lower case, which a commit or git's name of a file has. Pure, as is all that
// follows.
bool IsGitOid(absl::string_view text);

// Of a file.
std::string GitBlobOid(absl::string_view bytes);

// The text that stands for a large file in git:
// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
std::string LfsPointer(absl::string_view sha256, int64_t size_bytes);

struct GitTreeEntry {
  std::string name;  // Without the folder above.
  std::string oid;
  bool is_folder = false;
};

// Of a folder.
std::string GitTreeOid(std::vector<GitTreeEntry> entries);

}  // namespace ropewalk
