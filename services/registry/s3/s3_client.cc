#include "services/registry/s3/s3_client.h"

#include <openssl/evp.h>

#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "services/common/backoff.h"
#include "services/common/sha256.h"
#include "services/common/status_macros.h"
#include "services/registry/s3/s3_error.h"

namespace ropewalk {
namespace {

constexpr int64_t kMaxAnswerBytes = 16 << 20;

std::string Named(absl::string_view method, absl::string_view key) {
  return absl::StrCat(method, " ", key.empty() ? "the bucket" : key);
}

std::string Md5Of(absl::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_md5(), nullptr);
  return absl::Base64Escape(absl::string_view(reinterpret_cast<char*>(digest), size));
}

std::optional<absl::Time> ParseHttpTime(const std::string& text) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", text, &time, &error)) return time;
  return std::nullopt;
}

}  // namespace

S3Client::S3Client(const S3Options& options, const Clock* clock, const S3Limits& limits)
    : options_(options),
      clock_(clock),
      limits_(limits),
      http_(HttpClientOptions{options.ca_file}) {}

// Not all stores check the signed SHA-256; all check this.
S3Client::Request S3Client::WithBody(Request request, std::string bytes, std::string sha256) {
  request.headers.emplace_back("Content-MD5", Md5Of(bytes));
  request.body = std::move(bytes);
  request.sha256 = std::move(sha256);
  return request;
}

HttpHeaders S3Client::Sign(const Request& request) const {
  SigV4Request to_sign;
  to_sign.method = request.method;
  to_sign.host = HostOf(options_);
  to_sign.path = PathOf(request.key);
  to_sign.query = request.query;
  to_sign.headers = request.headers;
  to_sign.payload_sha256 = request.sha256.empty() ? Sha256Hex("") : request.sha256;
  return SignV4(to_sign, options_.credentials, options_.region, clock_->Now());
}

// Takes the request's body.
HttpCall S3Client::CallOf(Request* request) const {
  HttpCall call;
  call.method = request->method;
  call.url = absl::StrCat(SchemeOf(options_), HostOf(options_), PathOf(request->key));
  if (!request->query.empty()) absl::StrAppend(&call.url, "?", FormatQuery(request->query));
  call.body = std::move(request->body);
  call.deadlines = options_.patience.deadlines;
  return call;
}

std::string S3Client::PathOf(const std::string& key) const {
  std::vector<std::string> parts = {""};
  if (options_.path_style) parts.push_back(options_.bucket);
  parts.push_back(key.empty() ? "" : options_.prefix + key);
  return absl::StrJoin(parts, "/");
}

absl::Status S3Client::Retry(absl::FunctionRef<absl::Status()> attempt, int attempts) const {
  const S3Patience& patience = options_.patience;
  const absl::Time give_up = absl::Now() + patience.give_up_after;
  Backoff backoff(patience.first_pause, patience.last_pause, absl::ToUnixNanos(absl::Now()));
  for (int tried = 1;; ++tried) {
    const absl::Status status = attempt();
    if (!IsPassing(status)) return status;
    if (tried >= attempts || absl::Now() > give_up) {
      return absl::Status(status.code(), absl::StrCat(status.message(), " (tried ", tried,
                                                      tried == 1 ? " time)" : " times)"));
    }
    absl::SleepFor(backoff.Next());
  }
}

absl::StatusOr<HttpReply> S3Client::Send(Request request, HttpDeadlines deadlines,
                                         int attempts) const {
  HttpCall call = CallOf(&request);
  call.deadlines = deadlines;
  HttpReply reply;
  RETURN_IF_ERROR(Retry(
      [&]() -> absl::Status {
        call.headers = Sign(request);
        ASSIGN_OR_RETURN(reply, http_.Send(call, kMaxAnswerBytes));
        return StatusOfReply(options_, Named(request.method, request.key), reply);
      },
      attempts));
  return reply;
}

absl::StatusOr<HttpReply> S3Client::Send(Request request) const {
  return Send(std::move(request), options_.patience.deadlines, options_.patience.attempts);
}

absl::Status S3Client::CheckBucket() const {
  return Send({"GET", "", {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", options_.prefix}}})
      .status();
}

absl::Status S3Client::Put(const std::string& key, std::string bytes,
                           const std::string& sha256) const {
  return Send(WithBody({"PUT", key}, std::move(bytes), sha256)).status();
}

absl::Status S3Client::CheckHead(const Request& request, HttpDownload* download) const {
  HttpReply reply = download->head();
  if (reply.status == 206) return absl::OkStatus();
  // An error's text is short; its beginning is enough.
  ASSIGN_OR_RETURN(reply.body, download->Next());
  RETURN_IF_ERROR(StatusOfReply(options_, Named(request.method, request.key), reply));
  return absl::UnimplementedError(absl::StrCat("S3 store ", options_.endpoint, " answered ",
                                               reply.status, " when asked for a range of ",
                                               request.key, "; it must give ranges"));
}

absl::StatusOr<std::unique_ptr<HttpDownload>> S3Client::Get(const std::string& key, int64_t offset,
                                                            int64_t length) const {
  Request request = {"GET", key};
  request.headers = {{"Range", absl::StrCat("bytes=", offset, "-", offset + length - 1)}};
  std::unique_ptr<HttpDownload> download;
  RETURN_IF_ERROR(Retry(
      [&]() -> absl::Status {
        HttpCall call = CallOf(&request);
        call.headers = Sign(request);
        ASSIGN_OR_RETURN(download, http_.Open(std::move(call)));
        return CheckHead(request, download.get());
      },
      options_.patience.attempts));
  return download;
}

// By the store's clock, where it says what time it is.
absl::Duration S3Client::AgeOf(const HttpReply& reply, absl::Time modified) const {
  return ParseHttpTime(reply.header("date")).value_or(clock_->Now()) - modified;
}

absl::StatusOr<S3Object> S3Client::Head(const std::string& key) const {
  ASSIGN_OR_RETURN(const HttpReply reply, Send({"HEAD", key}));
  S3Object object;
  object.key = key;
  const std::optional<absl::Time> modified = ParseHttpTime(reply.header("last-modified"));
  if (!modified.has_value() ||
      !absl::SimpleAtoi(reply.header("content-length"), &object.size_bytes)) {
    return absl::InternalError(absl::StrCat("S3 store ", options_.endpoint, ": HEAD ", key,
                                            " has no good Last-Modified and Content-Length"));
  }
  object.modified = *modified;
  object.age = AgeOf(reply, *modified);
  return object;
}

absl::Status S3Client::Delete(const std::string& key) const {
  const absl::Status status = Send({"DELETE", key}).status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace ropewalk
