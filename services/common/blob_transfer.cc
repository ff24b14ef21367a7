#include "services/common/blob_transfer.h"

#include <grpcpp/client_context.h>

#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "services/common/backoff.h"
#include "services/common/output_file.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Stub = v1::RegistryService::StubInterface;

constexpr int64_t kChunkBytes = 1 << 20;
constexpr int kFruitlessAttempts = 5;

bool WorthAnotherAttempt(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status) || absl::IsOutOfRange(status);
}

// Reads a SourceFile in pieces from an offset.
class SourceReader {
 public:
  SourceReader(const SourceFile& source, int64_t offset) : source_(source), offset_(offset) {
    if (source.local_path.empty()) return;
    stream_.open(source.local_path, std::ios::binary);
    stream_.seekg(offset);
  }

  // The next piece; empty at the end.
  absl::StatusOr<std::string> Next() {
    if (source_.local_path.empty()) {
      std::string piece = source_.bytes.substr(offset_, kChunkBytes);
      offset_ += piece.size();
      return piece;
    }
    std::string piece(kChunkBytes, '\0');
    stream_.read(piece.data(), kChunkBytes);
    piece.resize(stream_.gcount());
    if (!stream_.bad() && (stream_ || stream_.eof())) return piece;
    return absl::UnknownError(absl::StrCat("cannot read ", source_.local_path));
  }

 private:
  const SourceFile& source_;
  int64_t offset_;
  std::ifstream stream_;
};

absl::StatusOr<v1::QueryUploadResponse> QueryUpload(Stub* stub, CallMonitor* monitor,
                                                    const std::string& digest) {
  CallMonitor::Call call(monitor);
  v1::QueryUploadRequest request;
  request.set_digest(digest);
  v1::QueryUploadResponse response;
  RETURN_IF_ERROR(call.Finish(stub->QueryUpload(call.context(), request, &response)));
  return response;
}

// Sends the pieces from `offset` on. When the server has stopped listening, its status says why.
absl::Status SendFrom(Stub* stub, CallMonitor* monitor, const SourceFile& source,
                      const v1::File& file, int64_t offset) {
  SourceReader reader(source, offset);
  CallMonitor::Call call(monitor);
  v1::UploadBlobResponse response;
  const auto stream = stub->UploadBlob(call.context(), &response);
  v1::UploadBlobRequest request;
  request.set_digest(file.digest());
  request.set_size_bytes(file.size_bytes());
  request.set_offset(offset);
  absl::Status read;
  while (stream->Write(request)) {
    call.Progress();
    absl::StatusOr<std::string> piece = reader.Next();
    read = piece.status();
    if (!piece.ok() || piece->empty()) break;
    request.Clear();
    request.set_data(*std::move(piece));
  }
  if (!read.ok()) call.context()->TryCancel();
  stream->WritesDone();
  const absl::Status sent = call.Finish(stream->Finish());
  return read.ok() ? sent : read;
}

// A download that may take several calls.
class Download {
 public:
  Download(const v1::File& file, OutputFile output) : file_(file), output_(std::move(output)) {}

  absl::Status Continue(Stub* stub, CallMonitor* monitor) {
    v1::DownloadBlobRequest request;
    request.set_digest(file_.digest());
    request.set_offset(received_);
    CallMonitor::Call call(monitor);
    const auto stream = stub->DownloadBlob(call.context(), request);
    v1::DownloadBlobResponse response;
    absl::Status taken;
    while (taken.ok() && stream->Read(&response)) {
      call.Progress();
      taken = Take(response.data());
    }
    if (!taken.ok()) call.context()->TryCancel();
    const absl::Status sent = call.Finish(stream->Finish());
    return taken.ok() ? sent : taken;
  }

  absl::Status Finish() {
    if (received_ != file_.size_bytes() || hash_.HexDigest() != file_.digest()) return DataLoss();
    return output_.SyncAndClose();
  }

  const int64_t* received() const { return &received_; }

 private:
  absl::Status Take(const std::string& data) {
    received_ += data.size();
    if (received_ > file_.size_bytes()) return DataLoss();
    hash_.Update(data);
    return output_.Append(data);
  }

  absl::Status DataLoss() const {
    return absl::DataLossError(absl::StrCat("the registry sent bytes for '", file_.path(),
                                            "' that do not have the digest ", file_.digest()));
  }

  const v1::File& file_;
  OutputFile output_;
  Sha256 hash_;
  int64_t received_ = 0;
};

}  // namespace

absl::Status WithRetries(CallMonitor* monitor, const int64_t* progress,
                         const std::function<absl::Status()>& attempt) {
  Backoff backoff(absl::Milliseconds(100), absl::Seconds(2), std::random_device()());
  int fruitless = 0;
  while (true) {
    const int64_t before = *progress;
    const absl::Status status = attempt();
    if (status.ok() || !WorthAnotherAttempt(status)) return status;
    if (*progress > before) {
      backoff.Reset();
      fruitless = 0;
    }
    if (++fruitless == kFruitlessAttempts) return status;
    if (!monitor->Sleep(backoff.Next())) return absl::CancelledError("the call was cancelled here");
  }
}

absl::Status UploadFile(Stub* stub, CallMonitor* monitor, const SourceFile& source,
                        const v1::File& file) {
  int64_t committed = 0;
  const auto attempt = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const v1::QueryUploadResponse kept, QueryUpload(stub, monitor, file.digest()));
    if (kept.complete()) return absl::OkStatus();
    committed = kept.committed_bytes();
    return SendFrom(stub, monitor, source, file, committed);
  };
  const absl::Status status = WithRetries(monitor, &committed, attempt);
  if (!absl::IsDataLoss(status) || committed == 0) return status;
  // What was kept of an earlier upload was damaged, and is gone now.
  return SendFrom(stub, monitor, source, file, 0);
}

absl::Status DownloadFile(Stub* stub, CallMonitor* monitor, const v1::File& file,
                          const std::string& path) {
  ASSIGN_OR_RETURN(OutputFile output, OutputFile::Create(path));
  Download download(file, std::move(output));
  RETURN_IF_ERROR(
      WithRetries(monitor, download.received(), [&] { return download.Continue(stub, monitor); }));
  return download.Finish();
}

}  // namespace ropewalk
