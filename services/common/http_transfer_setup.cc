#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/build_version.h"
#include "services/common/clock.h"
#include "services/common/http_transfer.h"
#include "services/common/status_macros.h"

// HttpTransfer: what libcurl is told, and what it calls; http_transfer.cc has the waiting.

namespace ropewalk {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
constexpr long kBufferBytes = 256 << 10;
constexpr absl::Duration kLongestConnect = absl::Hours(1);

// RFC 9110's token.
bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", c);
  });
}

bool HasControls(absl::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

absl::Status HttpTransfer::CheckCall() const {
  if (!IsToken(call_->method)) return absl::InvalidArgumentError("the HTTP method is malformed");
  if (!absl::StartsWith(call_->url, "http://") && !absl::StartsWith(call_->url, "https://")) {
    return absl::InvalidArgumentError(Named("this is not an http:// or https:// URL"));
  }
  for (const auto& [name, value] : call_->headers) {
    if (IsToken(name) && !HasControls(value)) continue;
    return absl::InvalidArgumentError(Named("a header is malformed; it must be one line"));
  }
  return absl::OkStatus();
}

void HttpTransfer::SetUp(const std::string& ca_file) {
  CURL* const easy = handles_->easy;
  curl_easy_setopt(easy, CURLOPT_URL, call_->url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, absl::StrCat("ropewalk/", BuildVersion()).c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_message_);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kBufferBytes);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kBufferBytes);
  const absl::Duration connect = std::min(call_->deadlines.connect, kLongestConnect);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::max<int64_t>(1, absl::ToInt64Milliseconds(connect))));
  if (!ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, call_->max_redirects > 0 ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(call_->max_redirects));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  SetUpBody();
  // It would wait for a second before it sends a body to a server that does not know this header.
  headers_ = curl_slist_append(headers_, "Expect:");
  for (const auto& [name, value] : call_->headers) {
    const std::string line = value.empty() ? name + ";" : absl::StrCat(name, ": ", value);
    headers_ = curl_slist_append(headers_, line.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
}

void HttpTransfer::SetUpBody() {
  CURL* const easy = handles_->easy;
  const bool pieces = call_->next_piece != nullptr;
  const bool expects_body = call_->method == "POST" || call_->method == "PUT";
  if (pieces || expects_body || !call_->body.empty()) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     static_cast<curl_off_t>(pieces ? call_->body_bytes : call_->body.size()));
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &HttpTransfer::OnUpload);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &HttpTransfer::OnRewind);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
  } else if (call_->method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  }
  if (call_->method != "GET" && call_->method != "HEAD") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, call_->method.c_str());
  }
}

size_t HttpTransfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto* const transfer = static_cast<HttpTransfer*>(self);
  transfer->Progress(static_cast<int64_t>(size * count));
  // What comes after the body is not looked at.
  if (!transfer->has_head_) transfer->TakeHeader(absl::string_view(data, size * count));
  return size * count;
}

void HttpTransfer::TakeHeader(absl::string_view line) {
  line = absl::StripTrailingAsciiWhitespace(line);
  if (absl::StartsWith(line, "HTTP/")) {
    head_ = HttpReply();
    const size_t space = std::min(line.find(' '), line.size());
    if (!absl::SimpleAtoi(line.substr(space, 4), &head_.status)) head_.status = 0;
  } else if (line.empty()) {
    has_head_ = head_.status >= 200 && !IsFollowed();
    if (has_head_) last_progress_ = Clock::Real()->Monotonic();
  } else {
    const size_t colon = std::min(line.find(':'), line.size());
    head_.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(std::min(colon + 1, line.size()))));
  }
}

// By libcurl, which then reads the headers of another answer.
bool HttpTransfer::IsFollowed() const {
  return call_->max_redirects > 0 && head_.status / 100 == 3 && head_.headers.count("location") > 0;
}

size_t HttpTransfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto* const transfer = static_cast<HttpTransfer*>(self);
  const size_t bytes = size * count;
  // It comes again when the transfer goes on.
  transfer->paused_ = transfer->body_.size() + bytes > kPieceBytes;
  if (transfer->paused_) return CURL_WRITEFUNC_PAUSE;
  transfer->Progress(static_cast<int64_t>(bytes));
  transfer->body_.append(data, bytes);
  return bytes;
}

// Makes piece_ have bytes that are not taken, unless the body is at its end.
absl::Status HttpTransfer::FillUpload() {
  if (call_->next_piece == nullptr || piece_taken_ < piece_.size()) return absl::OkStatus();
  ASSIGN_OR_RETURN(piece_, call_->next_piece());
  piece_taken_ = 0;
  const int64_t bytes = uploaded_bytes_ + static_cast<int64_t>(piece_.size());
  const bool known = call_->body_bytes >= 0;
  if (known && (bytes > call_->body_bytes || (piece_.empty() && bytes < call_->body_bytes))) {
    return absl::InvalidArgumentError(Named(
        absl::StrCat("the body has ", bytes, " bytes, not the ", call_->body_bytes, " announced")));
  }
  return absl::OkStatus();
}

size_t HttpTransfer::OnUpload(char* buffer, size_t size, size_t count, void* self) {
  auto* const transfer = static_cast<HttpTransfer*>(self);
  transfer->upload_error_ = transfer->FillUpload();
  if (!transfer->upload_error_.ok()) return CURL_READFUNC_ABORT;
  const bool pieces = transfer->call_->next_piece != nullptr;
  const std::string& from = pieces ? transfer->piece_ : transfer->call_->body;
  const size_t bytes = std::min(size * count, from.size() - transfer->piece_taken_);
  std::memcpy(buffer, from.data() + transfer->piece_taken_, bytes);
  transfer->piece_taken_ += bytes;
  transfer->uploaded_bytes_ += static_cast<int64_t>(bytes);
  transfer->Progress(static_cast<int64_t>(bytes));
  return bytes;
}

// For a second try on a new connection, where the server has closed the one that was kept.
int HttpTransfer::OnRewind(void* self, curl_off_t offset, int origin) {
  auto* const transfer = static_cast<HttpTransfer*>(self);
  const bool pieces = transfer->call_->next_piece != nullptr;
  if (origin != SEEK_SET || offset != 0 || (pieces && transfer->uploaded_bytes_ > 0)) {
    return CURL_SEEKFUNC_FAIL;
  }
  transfer->piece_taken_ = 0;
  transfer->uploaded_bytes_ = 0;
  return CURL_SEEKFUNC_OK;
}

}  // namespace ropewalk
