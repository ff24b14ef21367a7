#include "services/registry/xet/xorb_folder.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"
#include "services/registry/xet/file_times.h"

namespace ropewalk {

XorbUpload::~XorbUpload() {
  RemoveAll(path_).IgnoreError();
  folder_->total_bytes_ -= reserved_bytes_;
}

absl::Status XorbUpload::Write(absl::string_view bytes) {
  RETURN_IF_ERROR(folder_->Reserve(bytes.size()));
  reserved_bytes_ += bytes.size();
  return file_.Append(bytes);
}

absl::Status XorbUpload::Append(absl::string_view bytes) {
  RETURN_IF_ERROR(decoder_.Append(bytes));
  return Write(bytes);
}

absl::Status XorbUpload::Finish() {
  RETURN_IF_ERROR(decoder_.Finish(hash_));
  RETURN_IF_ERROR(Write(XorbFile::FormatTable(decoder_.ends())));
  bool kept = false;
  RETURN_IF_ERROR(folder_->Keep(path_, hash_, &kept));
  if (kept) reserved_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<XorbFolder>> XorbFolder::Open(const std::string& folder,
                                                             int64_t max_bytes,
                                                             const Clock* clock) {
  const std::string incoming = absl::StrCat(folder, "/incoming");
  RETURN_IF_ERROR(RemoveAll(incoming));
  for (const std::string& path : {incoming, absl::StrCat(folder, "/xorbs")}) {
    RETURN_IF_ERROR(MakeFolders(path));
  }
  std::unique_ptr<XorbFolder> opened(new XorbFolder(folder, max_bytes, clock));
  RETURN_IF_ERROR(opened->CountBytes());
  return opened;
}

absl::Status XorbFolder::CountBytes() {
  const std::string xorbs = absl::StrCat(folder_, "/xorbs");
  ASSIGN_OR_RETURN(const std::vector<std::string> files, ListFilesBelow(xorbs));
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(const FileTimes info, LookAtFile(absl::StrCat(xorbs, "/", file)));
    total_bytes_ += info.size_bytes;
  }
  return absl::OkStatus();
}

std::string XorbFolder::PathOf(const XetHash& hash) const {
  const std::string name = XetHashToHex(hash);
  return absl::StrCat(folder_, "/xorbs/", name.substr(0, 2), "/", name);
}

absl::StatusOr<std::unique_ptr<XorbUpload>> XorbFolder::BeginUpload(const XetHash& hash) {
  std::string path = absl::StrCat(folder_, "/incoming/", uploads_++);
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::OpenEmpty(path));
  return std::unique_ptr<XorbUpload>(new XorbUpload(this, hash, std::move(path), std::move(file)));
}

absl::Status XorbFolder::Reserve(int64_t bytes) {
  if ((total_bytes_ += bytes) <= max_bytes_) return absl::OkStatus();
  total_bytes_ -= bytes;
  return absl::ResourceExhaustedError(
      absl::StrCat("the registry keeps no more than ", max_bytes_,
                   " bytes of uploads that are not complete; try again when others are"));
}

// `kept`: the upload's file is the xorb's now, and so are the bytes that it has reserved.
absl::Status XorbFolder::Keep(const std::string& path, const XetHash& hash, bool* kept) {
  const std::string place = PathOf(hash);
  RETURN_IF_ERROR(MakeFolders(place.substr(0, place.rfind('/'))));
  RETURN_IF_ERROR(SetFileTime(path, clock_->Now()));
  MutexLock lock(&mutex_);
  // It has come whole, so it is better than one that may be damaged.
  RETURN_IF_ERROR(RemoveFile(place));
  RETURN_IF_ERROR(MoveFile(path, place));
  *kept = true;
  return absl::OkStatus();
}

absl::StatusOr<XorbFile> XorbFolder::Find(const XetHash& hash) {
  const std::string path = PathOf(hash);
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(XorbFile file, XorbFile::Open(path));
  RETURN_IF_ERROR(SetFileTime(path, clock_->Now()));
  return file;
}

bool XorbFolder::Contains(const XetHash& hash) { return LookAtFile(PathOf(hash)).ok(); }

absl::Status XorbFolder::Remove(const XetHash& hash) {
  MutexLock lock(&mutex_);
  return RemoveFile(PathOf(hash));
}

absl::Status XorbFolder::RemoveFile(const std::string& path) {
  const absl::StatusOr<FileTimes> info = LookAtFile(path);
  if (absl::IsNotFound(info.status())) return absl::OkStatus();
  RETURN_IF_ERROR(info.status());
  RETURN_IF_ERROR(RemoveAll(path));
  total_bytes_ -= info->size_bytes;
  return absl::OkStatus();
}

absl::StatusOr<int> XorbFolder::RemoveOlder(absl::Time cutoff, bool dry_run) {
  const std::string xorbs = absl::StrCat(folder_, "/xorbs");
  ASSIGN_OR_RETURN(const std::vector<std::string> files, ListFilesBelow(xorbs));
  int old = 0;
  for (const std::string& file : files) {
    const std::string path = absl::StrCat(xorbs, "/", file);
    MutexLock lock(&mutex_);
    const absl::StatusOr<FileTimes> info = LookAtFile(path);
    if (!info.ok() || info->modified > cutoff) continue;
    ++old;
    if (!dry_run) RETURN_IF_ERROR(RemoveFile(path));
  }
  return old;
}

}  // namespace ropewalk
