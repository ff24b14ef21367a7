#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace ropewalk {

// What another Hub says of a revision: the commit that it stands for, and its files.
struct UpstreamFile {
  std::string path;
  int64_t size_bytes = 0;
  // Of a file that the Hub keeps in git LFS; empty for others.
  std::string sha256;
  // How git names a file that is not in LFS.
  std::string git_oid;
};

struct UpstreamRevision {
  std::string commit;
  std::vector<UpstreamFile> files;

  int64_t total_bytes() const;
};

// The functions are pure.

// Reads the answer to GET /api/{type}/{id}/revision/{revision}?blobs=true.
// DATA_LOSS: it is no such answer, or lacks what a file can be checked by, or names a file that may
// not be kept.
absl::StatusOr<UpstreamRevision> ParseUpstreamRevision(absl::string_view answer);

}  // namespace ropewalk
