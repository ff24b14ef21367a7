#include "services/common/http_client.h"

#include <curl/curl.h>

#include <csignal>

#include "absl/strings/str_cat.h"
#include "services/common/http_transfer.h"
#include "services/common/status_macros.h"

namespace ropewalk {

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

HttpDownload::HttpDownload(HttpClient* client, HttpCall call)
    : client_(client),
      call_(std::move(call)),
      transfer_(std::make_unique<HttpTransfer>(client->Take(), &call_, client->options_.ca_file)) {}

HttpDownload::~HttpDownload() { client_->GiveBack(transfer_->TakeHandles()); }

const HttpReply& HttpDownload::head() const { return transfer_->head(); }

absl::StatusOr<std::string> HttpDownload::Next() { return transfer_->Next(); }

HttpClient::HttpClient(HttpClientOptions options) : options_(std::move(options)) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialized);
  // A server may close a connection while TLS sends it something, which cannot be told not to raise
  // this.
  std::signal(SIGPIPE, SIG_IGN);
}

HttpClient::~HttpClient() = default;

std::unique_ptr<CurlHandles> HttpClient::Take() {
  MutexLock lock(&mutex_);
  if (idle_.empty()) return std::make_unique<CurlHandles>();
  std::unique_ptr<CurlHandles> handles = std::move(idle_.back());
  idle_.pop_back();
  return handles;
}

void HttpClient::GiveBack(std::unique_ptr<CurlHandles> handles) {
  MutexLock lock(&mutex_);
  if (static_cast<int>(idle_.size()) < options_.max_idle_connections) {
    idle_.push_back(std::move(handles));
  }
}

absl::StatusOr<HttpReply> HttpClient::Send(const HttpCall& call, int64_t max_body_bytes) {
  HttpTransfer transfer(Take(), &call, options_.ca_file);
  absl::Status status = transfer.ReadHead();
  HttpReply reply = transfer.head();
  while (status.ok()) {
    absl::StatusOr<std::string> piece = transfer.Next();
    status = piece.status();
    if (!piece.ok() || piece->empty()) break;
    reply.body += *piece;
    if (static_cast<int64_t>(reply.body.size()) > max_body_bytes) {
      status = absl::ResourceExhaustedError(
          absl::StrCat("the answer is longer than ", max_body_bytes, " bytes"));
    }
  }
  GiveBack(transfer.TakeHandles());
  RETURN_IF_ERROR(status);
  return reply;
}

absl::StatusOr<std::unique_ptr<HttpDownload>> HttpClient::Open(HttpCall call) {
  std::unique_ptr<HttpDownload> download(new HttpDownload(this, std::move(call)));
  RETURN_IF_ERROR(download->transfer_->ReadHead());
  return download;
}

}  // namespace ropewalk
