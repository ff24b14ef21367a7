#include "services/registry/file_blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/blob_file_reader.h"

namespace ropewalk {
namespace {

constexpr int64_t kSyncEveryBytes = 64 << 20;

absl::StatusOr<BlobInfo> StatFile(const std::string& path, const std::string& name) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return FileError(errno, absl::StrCat("no file ", path));
  return BlobInfo{name, info.st_size, absl::TimeFromTimespec(info.st_mtim)};
}

// What is in the folder, newest state of each file; files that go meanwhile are left out.
absl::StatusOr<std::vector<BlobInfo>> ListFolder(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListFilesBelow(folder));
  std::vector<BlobInfo> infos;
  for (const std::string& path : paths) {
    const std::string name = std::filesystem::path(path).filename().string();
    const absl::StatusOr<BlobInfo> info = StatFile(absl::StrCat(folder, "/", path), name);
    if (info.ok()) infos.push_back(*info);
  }
  return infos;
}

absl::StatusOr<bool> DeleteIfOlder(const std::string& path, absl::Time cutoff) {
  const absl::StatusOr<BlobInfo> info = StatFile(path, "");
  if (!info.ok() || info->touched > cutoff) return false;
  RETURN_IF_ERROR(RemoveAll(path));
  return true;
}

absl::Status SetTime(const std::string& path, absl::Time time) {
  const timespec times[2] = {absl::ToTimespec(time), absl::ToTimespec(time)};
  if (utimensat(AT_FDCWD, path.c_str(), times, 0) == 0) return absl::OkStatus();
  return FileError(errno, absl::StrCat("cannot touch ", path));
}

absl::Status MakeFolderDurably(const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) == 0) {
    absl::Status status = SyncFolder(std::filesystem::path(folder).parent_path().string());
    // Else the next to ask would find it made, and take it for durable.
    if (!status.ok()) rmdir(folder.c_str());
    return status;
  }
  if (errno == EEXIST) return absl::OkStatus();
  return FileError(errno, absl::StrCat("cannot make the folder ", folder));
}

absl::Status HashFile(const std::string& path, int64_t length, Sha256* hash) {
  ASSIGN_OR_RETURN(std::shared_ptr<const InputFile> file, InputFile::Open(path));
  BlobFileReader reader({std::move(file), 0, length}, /*digest=*/"");
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, reader.Next());
    if (piece.empty()) return absl::OkStatus();
    hash->Update(piece);
  }
}

}  // namespace

class FileBlobStore::Upload final : public BlobUpload {
 public:
  Upload(FileBlobStore* store, std::string name, std::string digest, int64_t size_bytes)
      : store_(store),
        name_(std::move(name)),
        path_(store->UploadPath(name_)),
        digest_(std::move(digest)),
        size_bytes_(size_bytes) {}

  ~Upload() override {
    // Only the upload that has the digest for its name can be found again.
    if (name_ != digest_) Drop();
    // What a disk has failed to write once it may say to have written the next time.
    if (file_ != nullptr && !file_->Sync().ok()) Drop();
    store_->Release(name_);
  }

  absl::Status Open(int64_t offset) {
    ASSIGN_OR_RETURN(file_, store_->open_file_(path_, /*fresh=*/offset == 0));
    if (offset > 0) RETURN_IF_ERROR(HashFile(path_, offset, &hash_));
    committed_bytes_ = offset;
    return absl::OkStatus();
  }

  int64_t committed_bytes() const override { return committed_bytes_; }
  const std::string& digest() const override { return digest_; }

  absl::Status Append(absl::string_view bytes) override {
    RETURN_IF_ERROR(failed_);
    if (committed_bytes_ + static_cast<int64_t>(bytes.size()) > size_bytes_) {
      return failed_ = absl::InvalidArgumentError(
                 absl::StrCat("more data came than the ", size_bytes_, " bytes announced"));
    }
    failed_ = file_->Append(bytes);
    RETURN_IF_ERROR(failed_);
    hash_.Update(bytes);
    committed_bytes_ += bytes.size();
    return SyncNowAndThen(bytes.size());
  }

  absl::Status Finish() override {
    RETURN_IF_ERROR(failed_);
    if (!digest_.empty() && committed_bytes_ < size_bytes_) {
      return failed_ =
                 absl::AbortedError(absl::StrCat("the upload ended after ", committed_bytes_,
                                                 " of ", size_bytes_, " bytes; go on from there"));
    }
    failed_ = absl::AbortedError("the upload is finished");
    RETURN_IF_ERROR(CheckDigest());
    RETURN_IF_ERROR(Sync());
    return store_->MoveIntoPlace(name_, digest_);
  }

 private:
  // So that the last sync does not take longer than a client waits.
  absl::Status SyncNowAndThen(int64_t bytes) {
    unsynced_bytes_ += bytes;
    return unsynced_bytes_ < kSyncEveryBytes ? absl::OkStatus() : Sync();
  }

  absl::Status Sync() {
    unsynced_bytes_ = 0;
    const absl::Status status = file_->Sync();
    if (status.ok()) return status;
    Drop();  // After a failed sync nobody knows what the disk holds.
    return failed_ = status;
  }

  absl::Status CheckDigest() {
    const std::string found = hash_.HexDigest();
    if (digest_.empty()) digest_ = found;
    if (found == digest_) return absl::OkStatus();
    Drop();
    return absl::DataLossError(absl::StrCat("the bytes uploaded have the digest ", found, ", not ",
                                            digest_, "; upload them afresh"));
  }

  void Drop() { RemoveAll(path_).IgnoreError(); }

  FileBlobStore* const store_;
  const std::string name_;
  const std::string path_;
  std::string digest_;
  const int64_t size_bytes_;  // At most, without a digest.
  std::unique_ptr<GrowingFile> file_;
  Sha256 hash_;
  int64_t committed_bytes_ = 0;
  int64_t unsynced_bytes_ = 0;
  absl::Status failed_;
};

absl::StatusOr<std::unique_ptr<FileBlobStore>> FileBlobStore::Open(const std::string& folder,
                                                                   const Clock* clock,
                                                                   OpenGrowingFile open_file) {
  const std::string blobs = absl::StrCat(folder, "/blobs/sha256");
  const std::string uploads = absl::StrCat(folder, "/uploads");
  for (const std::string& path : {blobs, uploads}) RETURN_IF_ERROR(MakeFolders(path));
  for (const std::string& path : {blobs, absl::StrCat(folder, "/blobs"), folder}) {
    RETURN_IF_ERROR(SyncFolder(path));
  }
  return std::unique_ptr<FileBlobStore>(new FileBlobStore(folder, clock, std::move(open_file)));
}

std::string FileBlobStore::BlobPath(const std::string& digest) const {
  return absl::StrCat(folder_, "/blobs/sha256/", digest.substr(0, 2), "/", digest);
}

std::string FileBlobStore::UploadPath(const std::string& name) const {
  return absl::StrCat(folder_, "/uploads/", name);
}

absl::StatusOr<BlobInfo> FileBlobStore::Stat(const std::string& digest) const {
  absl::StatusOr<BlobInfo> info = StatFile(BlobPath(digest), digest);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(absl::StrCat("there is no blob ", digest));
  }
  RETURN_IF_ERROR(info.status());
  RETURN_IF_ERROR(SyncOnce(std::filesystem::path(BlobPath(digest)).parent_path().string()));
  return info;
}

absl::Status FileBlobStore::SyncOnce(const std::string& folder) const {
  int64_t moves = 0;
  {
    MutexLock lock(&synced_mutex_);
    if (synced_.count(folder) > 0) return absl::OkStatus();
    moves = moves_;
  }
  RETURN_IF_ERROR(SyncFolder(folder));
  MutexLock lock(&synced_mutex_);
  if (moves == moves_) synced_.insert(folder);
  return absl::OkStatus();
}

absl::Status FileBlobStore::Touch(const std::string& digest) {
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Stat(digest).status());
  return SetTime(BlobPath(digest), clock_->Now());
}

absl::StatusOr<std::unique_ptr<BlobReader>> FileBlobStore::Read(const std::string& digest,
                                                                int64_t offset,
                                                                int64_t length) const {
  ASSIGN_OR_RETURN(const BlobInfo info, Stat(digest));
  if (offset < 0 || offset > info.size_bytes || length < 0) {
    return absl::OutOfRangeError(absl::StrCat("offset ", offset, ", length ", length,
                                              " is outside of blob ", digest, " of ",
                                              info.size_bytes, " bytes"));
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const InputFile> file, InputFile::Open(BlobPath(digest)));
  const int64_t rest = info.size_bytes - offset;
  const FileStretch stretch{std::move(file), offset, length == 0 ? rest : std::min(length, rest)};
  const bool whole = stretch.length == info.size_bytes;
  return std::make_unique<BlobFileReader>(stretch, whole ? digest : "");
}

absl::StatusOr<int64_t> FileBlobStore::KeptBytes(const std::string& digest) const {
  MutexLock lock(&mutex_);
  return KeptBytesLocked(digest);
}

absl::StatusOr<int64_t> FileBlobStore::KeptBytesLocked(const std::string& digest) const {
  if (running_.count(digest) > 0) return 0;
  const absl::StatusOr<BlobInfo> info = StatFile(UploadPath(digest), digest);
  if (absl::IsNotFound(info.status())) return 0;
  RETURN_IF_ERROR(info.status());
  return info->size_bytes;
}

std::string FileBlobStore::ClaimName(const std::string& wanted) {
  std::string name = wanted;
  for (int i = 2; !running_.insert(name).second; ++i) name = absl::StrCat(wanted, "-", i);
  return name;
}

absl::StatusOr<std::unique_ptr<FileBlobStore::Upload>> FileBlobStore::Claim(
    const std::string& digest, int64_t size_bytes, int64_t offset) {
  MutexLock lock(&mutex_);
  ASSIGN_OR_RETURN(const int64_t kept, KeptBytesLocked(digest));
  if (offset != 0 && offset != kept) {
    return absl::OutOfRangeError(
        absl::StrCat("an upload of ", digest, " can begin at 0 or at ", kept, ", not at ", offset));
  }
  return std::make_unique<Upload>(this, ClaimName(digest), digest, size_bytes);
}

absl::StatusOr<std::unique_ptr<BlobUpload>> FileBlobStore::BeginUpload(const std::string& digest,
                                                                       int64_t size_bytes,
                                                                       int64_t offset) {
  ASSIGN_OR_RETURN(std::unique_ptr<Upload> upload, Claim(digest, size_bytes, offset));
  RETURN_IF_ERROR(upload->Open(offset));
  return upload;
}

absl::StatusOr<std::unique_ptr<BlobUpload>> FileBlobStore::BeginUnnamedUpload(int64_t max_bytes) {
  std::unique_ptr<Upload> upload;
  {
    MutexLock lock(&mutex_);
    upload = std::make_unique<Upload>(this, ClaimName("unnamed"), /*digest=*/"", max_bytes);
  }
  RETURN_IF_ERROR(upload->Open(/*offset=*/0));
  return upload;
}

void FileBlobStore::Release(const std::string& name) {
  MutexLock lock(&mutex_);
  running_.erase(name);
}

absl::Status FileBlobStore::MoveIntoPlace(const std::string& name, const std::string& digest) {
  const std::string from = UploadPath(name);
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(SetTime(from, clock_->Now()));
  return Move(from, BlobPath(digest));
}

absl::Status FileBlobStore::Move(const std::string& from, const std::string& to) {
  const std::string folder = std::filesystem::path(to).parent_path().string();
  RETURN_IF_ERROR(MakeFolderDurably(folder));
  {
    MutexLock lock(&synced_mutex_);
    if (std::rename(from.c_str(), to.c_str()) != 0) {
      return FileError(errno, absl::StrCat("cannot make ", to));
    }
    synced_.erase(folder);
    ++moves_;
  }
  return SyncOnce(folder);
}

// Moved first and looked at again then: whoever uploads the blob meanwhile must not lose it.
absl::StatusOr<bool> FileBlobStore::Quarantine(const std::string& digest) {
  const std::string aside = absl::StrCat(folder_, "/quarantine/", digest);
  {
    MutexLock lock(&mutex_);
    RETURN_IF_ERROR(Stat(digest).status());
    RETURN_IF_ERROR(Move(BlobPath(digest), aside));
  }
  const absl::StatusOr<std::string> found = Sha256OfFile(aside);
  if (!found.ok() || *found != digest) return true;
  MutexLock lock(&mutex_);
  RETURN_IF_ERROR(Move(aside, BlobPath(digest)));
  return false;
}

absl::StatusOr<std::vector<BlobInfo>> FileBlobStore::ListBlobs() const {
  return ListFolder(absl::StrCat(folder_, "/blobs/sha256"));
}

absl::StatusOr<std::vector<BlobInfo>> FileBlobStore::ListUploads() const {
  ASSIGN_OR_RETURN(std::vector<BlobInfo> uploads, ListFolder(absl::StrCat(folder_, "/uploads")));
  MutexLock lock(&mutex_);
  std::vector<BlobInfo> broken;
  for (BlobInfo& upload : uploads) {
    if (running_.count(upload.name) == 0) broken.push_back(std::move(upload));
  }
  return broken;
}

absl::StatusOr<bool> FileBlobStore::DeleteBlobIfOlder(const std::string& digest,
                                                      absl::Time cutoff) {
  MutexLock lock(&mutex_);
  return DeleteIfOlder(BlobPath(digest), cutoff);
}

absl::StatusOr<bool> FileBlobStore::DeleteUploadIfOlder(const std::string& name,
                                                        absl::Time cutoff) {
  MutexLock lock(&mutex_);
  if (running_.count(name) > 0) return false;
  return DeleteIfOlder(UploadPath(name), cutoff);
}

}  // namespace ropewalk
