#include "services/common/http_transfer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/common/clock.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kProgressBytes = 1 << 10;
constexpr long kConnectionsKept = 2;
// libcurl has timers of its own, for connecting; it says how long to wait for them at most.
constexpr absl::Duration kLongestPoll = absl::Seconds(1);

absl::Duration Now() { return Clock::Real()->Monotonic(); }

// Without what may be secret.
std::string ShownUrl(absl::string_view url) {
  url = url.substr(0, url.find_first_of("?#"));
  const size_t scheme = url.find("://");
  if (scheme == absl::string_view::npos) return std::string(url);
  const size_t host = scheme + 3;
  const absl::string_view authority = url.substr(host, url.find('/', host) - host);
  const size_t at = authority.rfind('@');
  if (at == absl::string_view::npos) return std::string(url);
  return absl::StrCat(url.substr(0, host), url.substr(host + at + 1));
}

}  // namespace

CurlHandles::CurlHandles() : multi(curl_multi_init()), easy(curl_easy_init()) {
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsKept);
}

CurlHandles::~CurlHandles() {
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
}

HttpTransfer::HttpTransfer(std::unique_ptr<CurlHandles> handles, const HttpCall* call,
                           const std::string& ca_file)
    : handles_(std::move(handles)), call_(call) {
  SetUp(ca_file);
}

HttpTransfer::~HttpTransfer() {
  if (handles_ != nullptr) TakeHandles();
}

std::unique_ptr<CurlHandles> HttpTransfer::TakeHandles() {
  if (added_) curl_multi_remove_handle(handles_->multi, handles_->easy);
  curl_easy_reset(handles_->easy);
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  added_ = false;
  return std::move(handles_);
}

std::string HttpTransfer::Named(absl::string_view what) const {
  return absl::StrCat(call_->method, " ", ShownUrl(call_->url), ": ", what);
}

void HttpTransfer::Progress(int64_t bytes) {
  progress_bytes_ += bytes;
  if (progress_bytes_ < kProgressBytes) return;
  progress_bytes_ = 0;
  last_progress_ = Now();
}

absl::Status HttpTransfer::CheckTime() {
  const absl::Duration now = Now();
  if (now >= deadline_) {
    return absl::DeadlineExceededError(
        Named(absl::StrCat("it took longer than ", absl::FormatDuration(call_->deadlines.total))));
  }
  if (now - last_progress_ < call_->deadlines.stall) return absl::OkStatus();
  return absl::DeadlineExceededError(Named(absl::StrCat(
      "less than 1 KiB came or went in ", absl::FormatDuration(call_->deadlines.stall))));
}

absl::Status HttpTransfer::WaitUntil(absl::FunctionRef<bool()> enough) {
  RETURN_IF_ERROR(error_);
  last_progress_ = Now();
  progress_bytes_ = 0;
  while (true) {
    int running = 0;
    curl_multi_perform(handles_->multi, &running);
    ReadResult();
    RETURN_IF_ERROR(error_);
    if (done_ || enough()) return absl::OkStatus();
    error_ = CheckTime();
    RETURN_IF_ERROR(error_);
    const absl::Duration wait = std::min(
        {kLongestPoll, deadline_ - Now(), last_progress_ + call_->deadlines.stall - Now()});
    curl_multi_poll(handles_->multi, nullptr, 0,
                    static_cast<int>(std::max<int64_t>(1, absl::ToInt64Milliseconds(wait))),
                    nullptr);
  }
}

void HttpTransfer::ReadResult() {
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(handles_->multi, &left);
  if (message == nullptr || message->msg != CURLMSG_DONE) return;
  done_ = true;
  error_ = upload_error_.ok() ? ErrorOf(message->data.result) : upload_error_;
}

absl::Status HttpTransfer::ErrorOf(CURLcode code) const {
  const std::string message =
      Named(curl_message_[0] != '\0' ? curl_message_ : curl_easy_strerror(code));
  switch (code) {
    case CURLE_OK:
      return absl::OkStatus();
    case CURLE_OPERATION_TIMEDOUT:
      return absl::DeadlineExceededError(message);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return absl::InvalidArgumentError(message);
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return absl::FailedPreconditionError(message);
    case CURLE_OUT_OF_MEMORY:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnavailableError(message);
  }
}

absl::Status HttpTransfer::ReadHead() {
  error_ = CheckCall();
  RETURN_IF_ERROR(error_);
  deadline_ = Now() + call_->deadlines.total;
  curl_multi_add_handle(handles_->multi, handles_->easy);
  added_ = true;
  return WaitUntil([this] { return has_head_; });
}

absl::StatusOr<std::string> HttpTransfer::Next() {
  RETURN_IF_ERROR(error_);
  if (paused_ && body_.empty()) {
    paused_ = false;
    curl_easy_pause(handles_->easy, CURLPAUSE_CONT);
  }
  if (!done_ && !paused_) RETURN_IF_ERROR(WaitUntil([this] { return paused_; }));
  return std::exchange(body_, std::string());
}

}  // namespace ropewalk
