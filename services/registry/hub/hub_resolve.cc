#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/hub/byte_range.h"
#include "services/registry/hub/hub_error.h"
#include "services/registry/hub/hub_reads.h"

// HubReads: downloads.

namespace ropewalk {
namespace {

// Text is shown, not run, whatever its ending: who uploads must not get to write pages here.
std::string ContentType(const v1::File& file) {
  const bool large = IsLfsFile(file.path(), file.size_bytes());
  return large ? "application/octet-stream" : "text/plain; charset=utf-8";
}

// RFC 9110, 13.1.2: a list of quoted tags, perhaps weak, or "*".
bool Matches(const std::string& if_none_match, const std::string& quoted_etag) {
  return absl::StrContains(if_none_match, quoted_etag) || if_none_match == "*";
}

// What comes from a store elsewhere.
class BlobBody final : public HttpBody {
 public:
  BlobBody(std::unique_ptr<BlobReader> reader, int64_t size_bytes)
      : reader_(std::move(reader)), size_bytes_(size_bytes) {}

  int64_t size_bytes() const override { return size_bytes_; }
  absl::StatusOr<std::string> Next() override { return reader_->Next(); }

 private:
  const std::unique_ptr<BlobReader> reader_;
  const int64_t size_bytes_;
};

HttpResponse OutOfRange(int64_t size) {
  HttpResponse response = HubErrorResponse(
      absl::OutOfRangeError(absl::StrCat("the range is outside of the file's ", size, " bytes")));
  response.status = 416;
  response.headers["Content-Range"] = absl::StrCat("bytes */", size);
  return response;
}

void SetRange(const ByteRange& range, int64_t size, HttpResponse* response) {
  response->status = 206;
  response->headers["Content-Range"] =
      absl::StrCat("bytes ", range.offset, "-", range.offset + range.length - 1, "/", size);
}

}  // namespace

absl::StatusOr<HttpResponse> HubReads::Resolve(const HubRoute& route, const HttpRequest& request) {
  ASSIGN_OR_RETURN(const HubRevision revision,
                   catalog_.FindRevision(route.type, route.id, route.revision));
  const auto& files = revision.version.files();
  const auto file = std::find_if(files.begin(), files.end(), [&](const v1::File& candidate) {
    return candidate.path() == route.path;
  });
  if (file == files.end()) return EntryNotFound(route.path, revision.commit());
  ASSIGN_OR_RETURN(const std::string name, files_.ETag(*file));
  const std::string etag = absl::StrCat("\"", name, "\"");
  HttpResponse response;
  response.content_type = ContentType(*file);
  response.headers = {{"ETag", etag},
                      {"X-Repo-Commit", revision.commit()},
                      {"Accept-Ranges", "bytes"},
                      {"Content-Disposition", "attachment"}};
  if (Matches(request.header("if-none-match"), etag)) {
    response.status = 304;
    return response;
  }
  const std::string if_range = request.header("if-range");
  const bool ranged = if_range.empty() || if_range == etag;
  const auto range = ParseByteRange(ranged ? request.header("range") : "", file->size_bytes());
  if (!range.has_value()) return OutOfRange(file->size_bytes());
  if (!range->whole) SetRange(*range, file->size_bytes(), &response);
  if (range->length == 0) return response;
  v1::DownloadBlobRequest download;
  download.set_digest(file->digest());
  download.set_offset(range->offset);
  download.set_length(range->length);
  ASSIGN_OR_RETURN(std::unique_ptr<BlobReader> reader, registry_->ReadBlob(download));
  if (const auto stretch = reader->file()) {
    response.body = *stretch;
  } else {
    response.body = std::make_shared<BlobBody>(std::move(reader), range->length);
  }
  return response;
}

}  // namespace ropewalk
