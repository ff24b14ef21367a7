#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace ropewalk {

// What an S3 store's answers say, as in https://docs.aws.amazon.com/AmazonS3/latest/API/. Keys are
// whole. Pure. INTERNAL: the answer is not what was asked for.

struct S3ListedObject {
  std::string key;
  int64_t size_bytes = 0;
  absl::Time modified;
};

// A multipart upload in progress.
struct S3ListedUpload {
  std::string key;
  std::string id;
  absl::Time begun;
};

struct S3ListedPart {
  int64_t size_bytes = 0;
  absl::Time modified;
};

// Part of a list.
template <typename Item>
struct S3Page {
  std::vector<Item> items;
  bool last = true;
  // Where the next page begins; `next_id` for uploads only, where SeaweedFS gives it alone.
  std::string next;
  std::string next_id;
};

absl::StatusOr<S3Page<S3ListedObject>> ParseObjects(absl::string_view xml);
absl::StatusOr<S3Page<S3ListedUpload>> ParseUploads(absl::string_view xml);
absl::StatusOr<S3Page<S3ListedPart>> ParseParts(absl::string_view xml);

// Of the upload that was begun.
absl::StatusOr<std::string> ParseUploadId(absl::string_view xml);

// The tag of a part that was copied.
absl::StatusOr<std::string> ParseCopiedPart(absl::string_view xml);

// What completes an upload of the parts with these tags, in their order.
std::string FormatCompletion(const std::vector<std::string>& etags);

struct S3Error {
  std::string code;
  std::string message;
  std::string region;  // Where the bucket lies, if that is what is wrong.
};

// Nothing if the answer is not an error.
std::optional<S3Error> ParseS3Error(absl::string_view xml);

}  // namespace ropewalk
