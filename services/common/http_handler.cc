#include "services/common/http_handler.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

class ImmediateAnswer final : public HttpExchange {
 public:
  explicit ImmediateAnswer(HttpResponse response) : response_(std::move(response)) {}

  std::optional<HttpResponse> BeginBody(int64_t) override { return Finish(); }
  std::optional<HttpResponse> Append(absl::string_view) override { return Finish(); }
  HttpResponse Finish() override { return std::move(response_); }

 private:
  HttpResponse response_;
};

class CollectedBody final : public HttpExchange {
 public:
  CollectedBody(size_t limit, std::function<HttpResponse(std::string)> answer)
      : limit_(limit), answer_(std::move(answer)) {}

  std::optional<HttpResponse> BeginBody(int64_t announced_bytes) override {
    if (announced_bytes <= static_cast<int64_t>(limit_)) return std::nullopt;
    return TooLong();
  }

  std::optional<HttpResponse> Append(absl::string_view piece) override {
    if (body_.size() + piece.size() > limit_) return TooLong();
    absl::StrAppend(&body_, piece);
    return std::nullopt;
  }

  HttpResponse Finish() override { return answer_(std::move(body_)); }

 private:
  HttpResponse TooLong() const {
    return ErrorResponse(413, absl::StrCat("the body is longer than ", limit_, " bytes"));
  }

  const size_t limit_;
  const std::function<HttpResponse(std::string)> answer_;
  std::string body_;
};

}  // namespace

std::string HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::unique_ptr<HttpExchange> AnswerAtOnce(HttpResponse response) {
  return std::make_unique<ImmediateAnswer>(std::move(response));
}

std::unique_ptr<HttpExchange> AnswerToBody(size_t limit,
                                           std::function<HttpResponse(std::string body)> answer) {
  return std::make_unique<CollectedBody>(limit, std::move(answer));
}

HttpResponse TextResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

HttpResponse ErrorResponse(int status, absl::string_view message) {
  const nlohmann::json error = {{"error", std::string(message)}};
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json; charset=utf-8";
  response.body = error.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return response;
}

}  // namespace ropewalk
