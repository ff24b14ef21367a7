#include "services/registry/xet/xet_store.h"

#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/logging.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr absl::Duration kNoteLife = absl::Hours(24 * 30);
constexpr int kGenerationBytes = 8;

std::string RandomHex() {
  std::string bytes(kGenerationBytes, '\0');
  RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), kGenerationBytes);
  return absl::BytesToHexString(bytes);
}

// Chunks that lie in blobs.
class BlobChunkReader final : public ChunkReader {
 public:
  BlobChunkReader(const BlobStore* blobs, std::vector<BlobStretch> stretches)
      : blobs_(blobs), stretches_(std::move(stretches)) {
    for (const BlobStretch& stretch : stretches_) size_bytes_ += stretch.length;
  }

  int64_t size_bytes() const override { return size_bytes_; }

  absl::StatusOr<std::string> Next() override {
    while (true) {
      if (reader_ == nullptr) {
        if (at_ == stretches_.size()) return std::string();
        const BlobStretch& stretch = stretches_[at_++];
        ASSIGN_OR_RETURN(reader_, blobs_->Read(stretch.digest, stretch.offset, stretch.length));
      }
      ASSIGN_OR_RETURN(std::string piece, reader_->Next());
      if (!piece.empty()) return piece;
      reader_ = nullptr;
    }
  }

 private:
  const BlobStore* const blobs_;
  const std::vector<BlobStretch> stretches_;
  int64_t size_bytes_ = 0;
  size_t at_ = 0;
  std::unique_ptr<BlobReader> reader_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<XetStore>> XetStore::Open(const XetStoreOptions& options,
                                                         BlobStore* blobs, const Clock* clock) {
  RETURN_IF_ERROR(MakeFolders(NotesFolder(options)));
  ASSIGN_OR_RETURN(auto xorbs, XorbFolder::Open(options.folder, options.max_bytes, clock));
  std::unique_ptr<XetStore> store(new XetStore(options, std::move(xorbs), blobs, clock));
  RETURN_IF_ERROR(store->LoadGeneration());
  return store;
}

absl::Status XetStore::LoadGeneration() {
  absl::StatusOr<std::string> generation = ReadFile(absl::StrCat(options_.folder, "/generation"));
  if (!generation.ok() || generation->size() != 2 * kGenerationBytes) return BeginGeneration();
  MutexLock lock(&mutex_);
  generation_ = *std::move(generation);
  return absl::OkStatus();
}

absl::Status XetStore::BeginGeneration() {
  MutexLock lock(&mutex_);
  const std::string generation = RandomHex();
  RETURN_IF_ERROR(WriteFileAtomically(absl::StrCat(options_.folder, "/generation"), generation));
  generation_ = generation;
  return absl::OkStatus();
}

std::string XetStore::generation() const {
  MutexLock lock(&mutex_);
  return generation_;
}

// A damaged one is dropped, and then NOT_FOUND.
absl::StatusOr<XorbFile> XetStore::FindXorb(const XetHash& xorb) {
  absl::StatusOr<XorbFile> file = xorbs_->Find(xorb);
  if (!absl::IsDataLoss(file.status())) return file;
  RETURN_IF_ERROR(xorbs_->Remove(xorb));
  return absl::NotFoundError(file.status().message());
}

absl::StatusOr<bool> XetStore::Has(const XetHash& xorb) {
  const absl::StatusOr<XorbFile> file = FindXorb(xorb);
  if (!absl::IsNotFound(file.status())) {
    RETURN_IF_ERROR(file.status());
    return true;
  }
  ASSIGN_OR_RETURN(const XorbPlaces places, notes_.Load(xorb));
  return places.Complete();
}

absl::StatusOr<std::unique_ptr<XorbUpload>> XetStore::BeginUpload(const XetHash& xorb) {
  return xorbs_->BeginUpload(xorb);
}

absl::StatusOr<std::unique_ptr<ChunkReader>> XetStore::Read(const XetHash& xorb, uint32_t begin,
                                                            uint32_t end) {
  const absl::StatusOr<XorbFile> file = FindXorb(xorb);
  if (file.ok()) return file->Read(begin, end);
  if (!absl::IsNotFound(file.status())) return file.status();
  ASSIGN_OR_RETURN(const XorbPlaces places, notes_.Load(xorb));
  std::vector<BlobStretch> stretches = places.Find(begin, end);
  if (!stretches.empty()) {
    return std::make_unique<BlobChunkReader>(blobs_, std::move(stretches));
  }
  // Who counts on it is to forget it.
  RETURN_IF_ERROR(BeginGeneration());
  return absl::InvalidArgumentError(
      absl::StrCat("chunks ", begin, " to ", end, " of the xorb ", XetHashToHex(xorb),
                   " are not here, or not any more; start the upload again"));
}

// Empty if the xorb is not there.
absl::StatusOr<std::vector<uint32_t>> XetStore::ReadEnds(const XetHash& xorb) {
  std::vector<uint32_t> sizes;
  const absl::StatusOr<XorbFile> file = FindXorb(xorb);
  if (absl::IsNotFound(file.status())) return sizes;
  RETURN_IF_ERROR(file.status());
  ASSIGN_OR_RETURN(const std::vector<ChunkEnd> ends, file->ReadEnds());
  for (const ChunkEnd& end : ends) sizes.push_back(end.size);
  return sizes;
}

absl::Status XetStore::AddPlaces(const XetHash& xorb, const std::vector<ChunkPlace>& places) {
  ASSIGN_OR_RETURN(const std::vector<uint32_t> ends, ReadEnds(xorb));
  ASSIGN_OR_RETURN(const bool complete, notes_.Add(xorb, ends, places));
  return complete ? xorbs_->Remove(xorb) : absl::OkStatus();
}

absl::Status XetStore::Recheck(const XetHash& xorb) {
  const absl::StatusOr<XorbFile> file = FindXorb(xorb);
  if (absl::IsNotFound(file.status())) return absl::OkStatus();
  RETURN_IF_ERROR(file.status());
  const absl::Status status = file->Check(xorb);
  if (!absl::IsDataLoss(status)) return status;
  LogWarning("dropping a damaged xorb", {{"xorb", XetHashToHex(xorb)}});
  RETURN_IF_ERROR(BeginGeneration());
  return xorbs_->Remove(xorb);
}

absl::StatusOr<int> XetStore::Collect() {
  const absl::Time cutoff = clock_->Now() - options_.grace;
  ASSIGN_OR_RETURN(const int old, xorbs_->RemoveOlder(cutoff, /*dry_run=*/true));
  ASSIGN_OR_RETURN(std::vector<XetHash> lost, notes_.Collect(clock_->Now() - kNoteLife));
  lost.erase(std::remove_if(lost.begin(), lost.end(),
                            [&](const XetHash& xorb) { return xorbs_->Contains(xorb); }),
             lost.end());
  if (old == 0 && lost.empty()) return 0;
  // First, so that nobody is told of an address under which they are counted on.
  RETURN_IF_ERROR(BeginGeneration());
  for (const XetHash& xorb : lost) RETURN_IF_ERROR(notes_.Remove(xorb));
  return xorbs_->RemoveOlder(cutoff, /*dry_run=*/false);
}

}  // namespace ropewalk
