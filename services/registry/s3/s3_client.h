#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/common/clock.h"
#include "services/common/http_client.h"
#include "services/registry/s3/s3_options.h"
#include "services/registry/s3/s3_xml.h"

namespace ropewalk {

// What a store knows of an object, or of an upload in progress.
struct S3Object {
  std::string key;
  int64_t size_bytes = 0;
  absl::Time modified;  // By the store's clock.
  // When asked, by the store's clock too: it may differ from ours. Both come in whole seconds.
  absl::Duration age;
};

struct S3Upload {
  std::string key;
  std::string id;
  // Of what has come: `modified` is when something last came.
  S3Object progress;
};

// What stores allow; less in tests.
struct S3Limits {
  int page_size = 1000;                       // Items of a list in one answer.
  int64_t max_copy_bytes = int64_t{5} << 30;  // Copied at once.
};

// The parameters that say where the next page of a list begins.
struct S3Markers {
  std::string next;
  std::string next_id;
};

// Speaks S3 with one bucket. Keys are those after the options' prefix, and need no encoding in
// URLs. Requests that fail for reasons that pass are tried again, as S3Patience says; s3_error.h
// has the errors. Thread-safe.
class S3Client {
 public:
  // `clock` outlives the client.
  S3Client(const S3Options& options, const Clock* clock, const S3Limits& limits = S3Limits());

  // Whether the bucket is there and can be listed.
  absl::Status CheckBucket() const;

  // `sha256` is that of `bytes`; the store checks it. The same for UploadPart.
  absl::Status Put(const std::string& key, std::string bytes, const std::string& sha256) const;

  // The stretch of `length` > 0 bytes at `offset`, which the object has.
  absl::StatusOr<std::unique_ptr<HttpDownload>> Get(const std::string& key, int64_t offset,
                                                    int64_t length) const;

  absl::StatusOr<S3Object> Head(const std::string& key) const;

  // Within the store.
  absl::Status Copy(const S3Object& from, const std::string& to) const;

  // Fine if there is no such key.
  absl::Status Delete(const std::string& key) const;

  // All whose keys begin with `start`.
  absl::StatusOr<std::vector<S3Object>> List(const std::string& start) const;

  // A multipart upload: what is uploaded appears when it is completed. All parts but the last have
  // 5 MiB or more; they are numbered from 1 on, to 10,000.
  absl::StatusOr<std::string> BeginUpload(const std::string& key) const;

  // Returns the part's tag.
  absl::StatusOr<std::string> UploadPart(const std::string& key, const std::string& id, int number,
                                         std::string bytes, const std::string& sha256) const;

  // Of the parts with these tags, in their order. NOT_FOUND: there is no such upload; perhaps it is
  // complete, and the answer was lost.
  absl::Status CompleteUpload(const std::string& key, const std::string& id,
                              const std::vector<std::string>& etags) const;

  // Drops what has come; fine if there is no such upload. Tried once.
  absl::Status AbortUpload(const std::string& key, const std::string& id) const;

  // Those in progress whose keys begin with `start`. MinIO shows them only where `start` is their
  // whole key; it drops those that are left by itself.
  absl::StatusOr<std::vector<S3Upload>> ListUploads(const std::string& start) const;

 private:
  struct Request {
    std::string method;
    std::string key;  // Empty: the bucket.
    QueryFields query = {};
    HttpHeaders headers = {};
    std::string body = "";
    std::string sha256 = "";  // Empty: there is no body.
  };

  static Request WithBody(Request request, std::string bytes, std::string sha256);
  std::string PathOf(const std::string& key) const;
  std::string SourceOf(const std::string& key) const;
  HttpCall CallOf(Request* request) const;
  HttpHeaders Sign(const Request& request) const;
  HttpDeadlines SlowDeadlines() const;
  absl::Status Retry(absl::FunctionRef<absl::Status()> attempt, int attempts) const;
  absl::StatusOr<HttpReply> Send(Request request, HttpDeadlines deadlines, int attempts) const;
  absl::StatusOr<HttpReply> Send(Request request) const;
  absl::Status CopyParts(const S3Object& from, const std::string& to, const std::string& id) const;
  absl::Status CheckHead(const Request& request, HttpDownload* download) const;
  absl::Duration AgeOf(const HttpReply& reply, absl::Time modified) const;
  absl::Status AddProgress(S3Upload* upload) const;
  template <typename Item>
  absl::Status ListPages(
      const std::string& key, const QueryFields& query, const S3Markers& markers,
      absl::StatusOr<S3Page<Item>> (*parse)(absl::string_view xml),
      absl::FunctionRef<absl::Status(const HttpReply&, const std::vector<Item>&)> take) const;

  const S3Options options_;
  const Clock* const clock_;
  const S3Limits limits_;
  mutable HttpClient http_;
};

}  // namespace ropewalk
