#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_client.h"

// S3Client: lists.

namespace ropewalk {

template <typename Item>
absl::Status S3Client::ListPages(
    const std::string& key, const QueryFields& query, const S3Markers& markers,
    absl::StatusOr<S3Page<Item>> (*parse)(absl::string_view xml),
    absl::FunctionRef<absl::Status(const HttpReply&, const std::vector<Item>&)> take) const {
  S3Page<Item> page;
  do {
    QueryFields asked = query;
    if (!page.next.empty()) asked.emplace_back(markers.next, page.next);
    if (!page.next_id.empty()) asked.emplace_back(markers.next_id, page.next_id);
    ASSIGN_OR_RETURN(const HttpReply reply, Send({"GET", key, asked}));
    ASSIGN_OR_RETURN(S3Page<Item> found, parse(reply.body));
    if (!found.last && found.next == page.next && found.next_id == page.next_id) {
      return absl::InternalError(
          absl::StrCat("S3 store ", options_.endpoint, ": a list does not go on"));
    }
    page = std::move(found);
    RETURN_IF_ERROR(take(reply, page.items));
  } while (!page.last);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<S3Object>> S3Client::List(const std::string& start) const {
  std::vector<S3Object> objects;
  RETURN_IF_ERROR(ListPages<S3ListedObject>(
      "",
      {{"list-type", "2"},
       {"max-keys", absl::StrCat(limits_.page_size)},
       {"prefix", options_.prefix + start}},
      {"continuation-token", ""}, &ParseObjects,
      [&](const HttpReply& reply, const std::vector<S3ListedObject>& items) {
        for (const S3ListedObject& item : items) {
          objects.push_back({item.key.substr(options_.prefix.size()), item.size_bytes,
                             item.modified, AgeOf(reply, item.modified)});
        }
        return absl::OkStatus();
      }));
  return objects;
}

absl::StatusOr<std::vector<S3Upload>> S3Client::ListUploads(const std::string& start) const {
  std::vector<S3Upload> uploads;
  RETURN_IF_ERROR(ListPages<S3ListedUpload>(
      "",
      {{"uploads", ""},
       {"max-uploads", absl::StrCat(limits_.page_size)},
       {"prefix", options_.prefix + start}},
      {"key-marker", "upload-id-marker"}, &ParseUploads,
      [&](const HttpReply& reply, const std::vector<S3ListedUpload>& items) -> absl::Status {
        for (const S3ListedUpload& item : items) {
          const std::string key = item.key.substr(options_.prefix.size());
          S3Upload upload = {key, item.id, {key, 0, item.begun, AgeOf(reply, item.begun)}};
          const absl::Status status = AddProgress(&upload);
          if (absl::IsNotFound(status)) continue;  // It has ended meanwhile.
          RETURN_IF_ERROR(status);
          uploads.push_back(std::move(upload));
        }
        return absl::OkStatus();
      }));
  return uploads;
}

absl::Status S3Client::AddProgress(S3Upload* upload) const {
  S3Object& progress = upload->progress;
  return ListPages<S3ListedPart>(
      upload->key, {{"uploadId", upload->id}, {"max-parts", absl::StrCat(limits_.page_size)}},
      {"part-number-marker", ""}, &ParseParts,
      [&](const HttpReply& reply, const std::vector<S3ListedPart>& parts) {
        for (const S3ListedPart& part : parts) {
          progress.size_bytes += part.size_bytes;
          progress.modified = std::max(progress.modified, part.modified);
        }
        progress.age = AgeOf(reply, progress.modified);
        return absl::OkStatus();
      });
}

}  // namespace ropewalk
