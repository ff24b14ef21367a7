#include "services/registry/xet/shard_intake.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// What beginning a file or a term costs beside its bytes, as bytes.
constexpr int64_t kBeginningWork = 64 << 10;

class UploadSink final : public FileSink {
 public:
  explicit UploadSink(std::unique_ptr<BlobUpload> upload) : upload_(std::move(upload)) {}

  absl::Status Append(absl::string_view bytes) override { return upload_->Append(bytes); }
  absl::Status Finish() override { return upload_->Finish(); }

 private:
  const std::unique_ptr<BlobUpload> upload_;
};

// For a file whose blob is there: only sees whether the chunks are really the file's.
class CheckingSink final : public FileSink {
 public:
  explicit CheckingSink(std::string digest) : digest_(std::move(digest)) {}

  absl::Status Append(absl::string_view bytes) override {
    hash_.Update(bytes);
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    const std::string found = hash_.HexDigest();
    if (found == digest_) return absl::OkStatus();
    return absl::DataLossError(
        absl::StrCat("the chunks make a file with the digest ", found, ", not ", digest_));
  }

 private:
  const std::string digest_;
  Sha256 hash_;
};

int64_t WorkOf(const Shard& shard) {
  int64_t work = 0;
  for (const ShardFile& file : shard.files) {
    work += kBeginningWork * (1 + file.terms.size()) + file.size_bytes();
  }
  return work;
}

}  // namespace

ShardIntake::ShardIntake(Shard shard, XetStore* store, BlobStore* blobs)
    : shard_(std::move(shard)), store_(store), blobs_(blobs), total_work_(WorkOf(shard_)) {}

absl::StatusOr<bool> ShardIntake::Step(int64_t work) {
  const int64_t until = done_work_ + work;
  while (file_ < shard_.files.size() && done_work_ < until) {
    const absl::Status status = StepOnce();
    if (!status.ok()) return Explain(status);
  }
  return file_ == shard_.files.size();
}

absl::Status ShardIntake::StepOnce() {
  if (sink_ == nullptr) return BeginFile();
  if (term_ == file().terms.size()) return EndFile();
  if (reader_ == nullptr) return BeginTerm();
  ASSIGN_OR_RETURN(const std::string piece, reader_->Next());
  done_work_ += piece.size();
  return piece.empty() ? EndTerm() : sink_->Append(piece);
}

absl::Status ShardIntake::BeginFile() {
  done_work_ += kBeginningWork;
  const std::string& digest = file().sha256;
  const int64_t size = file().size_bytes();
  if (digest.empty()) {
    return absl::InvalidArgumentError(
        "the shard does not give the SHA-256 of a file; let the client compute it");
  }
  const absl::Status touched = blobs_->Touch(digest);
  if (absl::IsNotFound(touched)) {
    ASSIGN_OR_RETURN(auto upload, blobs_->BeginUpload(digest, size, /*offset=*/0));
    sink_ = std::make_unique<UploadSink>(std::move(upload));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(touched);
  ASSIGN_OR_RETURN(const BlobInfo there, blobs_->Stat(digest));
  if (there.size_bytes != size) {
    return absl::InvalidArgumentError(absl::StrCat("the file ", digest, " has ", there.size_bytes,
                                                   " bytes, but its chunks have ", size));
  }
  sink_ = std::make_unique<CheckingSink>(digest);
  return absl::OkStatus();
}

absl::Status ShardIntake::BeginTerm() {
  done_work_ += kBeginningWork;
  ASSIGN_OR_RETURN(reader_, store_->Read(term().xorb, term().begin, term().end));
  if (reader_->size_bytes() == term().size_bytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "chunks ", term().begin, " to ", term().end, " of the xorb ", XetHashToHex(term().xorb),
      " have ", reader_->size_bytes(), " bytes, not ", term().size_bytes));
}

absl::Status ShardIntake::EndTerm() {
  reader_ = nullptr;
  ++term_;
  return absl::OkStatus();
}

absl::Status ShardIntake::EndFile() {
  RETURN_IF_ERROR(sink_->Finish());
  RETURN_IF_ERROR(AddPlaces());
  sink_ = nullptr;
  term_ = 0;
  ++file_;
  return absl::OkStatus();
}

absl::Status ShardIntake::AddPlaces() {
  std::map<XetHash, std::vector<ChunkPlace>> places;
  int64_t offset = 0;
  for (const ShardTerm& term : file().terms) {
    places[term.xorb].push_back({term.begin, term.end, file().sha256, offset});
    offset += term.size_bytes;
  }
  for (const auto& [xorb, of_xorb] : places) RETURN_IF_ERROR(store_->AddPlaces(xorb, of_xorb));
  return absl::OkStatus();
}

// Bytes that are not what they should be: the client's fault, unless the disk has damaged a xorb.
// That must not be there when the client tries again.
absl::Status ShardIntake::Explain(const absl::Status& status) {
  if (!absl::IsDataLoss(status) && !absl::IsNotFound(status)) return status;
  std::set<XetHash> xorbs;
  for (const ShardTerm& term : file().terms) xorbs.insert(term.xorb);
  for (const XetHash& xorb : xorbs) RETURN_IF_ERROR(store_->Recheck(xorb));
  return absl::InvalidArgumentError(absl::StrCat(status.message(), "; start the upload again"));
}

}  // namespace ropewalk
