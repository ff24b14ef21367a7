#include "tests/fault/sync_log.h"

#include <sys/stat.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/common/status_macros.h"

namespace ropewalk {

absl::Status SyncLog::ReadNew() {
  std::ifstream file(path_, std::ios::binary);
  file.seekg(read_bytes_);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  // A process may be about to write the rest of the last line.
  const std::string whole = bytes.substr(0, bytes.rfind('\n') + 1);
  read_bytes_ += static_cast<int64_t>(whole.size());
  for (const absl::string_view line : absl::StrSplit(whole, '\n', absl::SkipEmpty())) {
    RETURN_IF_ERROR(TakeLine(line));
  }
  return absl::OkStatus();
}

absl::Status SyncLog::TakeLine(absl::string_view line) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  uint64_t inode = 0;
  uint64_t folder = 0;
  ++lines_;
  if (words.size() != 3 || !absl::SimpleAtoi(words[1], &inode)) {
    return absl::InternalError(absl::StrCat("the log has a line '", line, "'"));
  }
  Life& life = lives_[inode];
  if (words[0] == "sync") {
    life.sync_failed = words[2] != "ok";
    if (!life.sync_failed) life.synced = lines_;
    return absl::OkStatus();
  }
  if (!absl::SimpleAtoi(words[2], &folder)) {
    return absl::InternalError(absl::StrCat("the log has a line '", line, "'"));
  }
  if (words[0] == "rename" && life.renaming) {
    life.named = lines_;
    life.renaming = false;
    return absl::OkStatus();
  }
  // An inode's number is given again, so what was synced counts for the name that comes next only.
  const bool synced = life.synced > life.named && !life.sync_failed;
  life = {0, false, lines_, folder, synced, words[0] == "renaming"};
  return absl::OkStatus();
}

// Whether the folder was synced after it got the name.
absl::Status SyncLog::CheckName(const std::string& what, const Life& life) {
  if (life.named == 0 || lives_[life.folder].synced > life.named) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat(what, ": its folder was not synced after it got its name"));
}

absl::Status SyncLog::CheckSafe(const std::string& file) {
  struct stat info;
  if (stat(file.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("no file ", file));
  }
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(ReadNew());
  const Life life = lives_[info.st_ino];
  if (life.named == 0) return absl::NotFoundError(absl::StrCat(file, ": nobody renamed it"));
  if (!life.named_synced) {
    return absl::DataLossError(absl::StrCat(file, ": it was not synced before it got its name"));
  }
  RETURN_IF_ERROR(CheckName(file, life));
  return CheckName(absl::StrCat("the folder of ", file), lives_[life.folder]);
}

}  // namespace ropewalk
