#pragma once

#include <curl/curl.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/common/http_client.h"

namespace ropewalk {

// libcurl's state for one call at a time, with the connections that it keeps open. The multi handle
// is there because only its calls return while a transfer goes on. Each has connections of its own:
// libcurl's shared cache of connections is not safe among threads.
struct CurlHandles {
  CurlHandles();
  ~CurlHandles();
  CurlHandles(const CurlHandles&) = delete;
  CurlHandles& operator=(const CurlHandles&) = delete;

  CURLM* const multi;
  CURL* const easy;
};

// One call of an HttpClient. Not thread-safe.
class HttpTransfer {
 public:
  // `call` outlives the transfer.
  HttpTransfer(std::unique_ptr<CurlHandles> handles, const HttpCall* call,
               const std::string& ca_file);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  // Sends the request and waits for the answer's headers. Called once, first.
  absl::Status ReadHead();

  const HttpReply& head() const { return head_; }

  // See HttpDownload.
  absl::StatusOr<std::string> Next();

  // Ends the transfer. What is left can be used for another.
  std::unique_ptr<CurlHandles> TakeHandles();

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);
  static size_t OnUpload(char* buffer, size_t size, size_t count, void* self);
  static int OnRewind(void* self, curl_off_t offset, int origin);

  absl::Status CheckCall() const;
  void SetUp(const std::string& ca_file);
  void SetUpBody();
  void TakeHeader(absl::string_view line);
  bool IsFollowed() const;
  absl::Status FillUpload();
  absl::Status WaitUntil(absl::FunctionRef<bool()> enough);
  absl::Status CheckTime();
  void Progress(int64_t bytes);
  void ReadResult();
  absl::Status ErrorOf(CURLcode code) const;
  std::string Named(absl::string_view what) const;

  std::unique_ptr<CurlHandles> handles_;
  const HttpCall* const call_;
  curl_slist* headers_ = nullptr;
  char curl_message_[CURL_ERROR_SIZE] = "";
  bool added_ = false;

  // Of the request's body.
  std::string piece_;
  size_t piece_taken_ = 0;
  int64_t uploaded_bytes_ = 0;
  absl::Status upload_error_;

  // Of the answer.
  HttpReply head_;
  bool has_head_ = false;
  std::string body_;  // Not handed over yet.
  bool paused_ = false;
  bool done_ = false;
  absl::Status error_;

  // By the clock that never runs backwards.
  absl::Duration deadline_;
  absl::Duration last_progress_;
  int64_t progress_bytes_ = 0;  // Since then.
};

}  // namespace ropewalk
