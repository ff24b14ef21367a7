#include "services/registry/xet/xet_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace ropewalk {
namespace {

// About a tenth of a second's work, after which others on the server get their turn.
constexpr int64_t kStepWork = 32 << 20;
constexpr size_t kLineBytes = 128;
constexpr size_t kLastLineBytes = 2048;
constexpr size_t kMaxMessageBytes = 256;

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kResourceExhausted:
      return 507;
    case absl::StatusCode::kUnavailable:
      return 503;
    default:
      return 500;
  }
}

// What the client may try again as it is.
bool IsPassing(const absl::Status& status) {
  return !absl::IsInvalidArgument(status) && !absl::IsResourceExhausted(status);
}

HttpResponse Json(const nlohmann::json& json) {
  HttpResponse response;
  response.content_type = "application/json; charset=utf-8";
  response.body = Dump(json);
  return response;
}

// Lines of a fixed length, so that the length of the body is known before the work is done. Empty
// lines fill it up; clients skip them.
class ProgressBody final : public HttpBody {
 public:
  explicit ProgressBody(std::unique_ptr<ShardIntake> intake)
      : intake_(std::move(intake)),
        size_bytes_(kLineBytes * (intake_->total_work() / kStepWork + 1) + kLastLineBytes) {}

  int64_t size_bytes() const override { return size_bytes_; }

  absl::StatusOr<std::string> Next() override {
    if (ended_) return FillUp();
    const absl::StatusOr<bool> done = intake_->Step(kStepWork);
    // A step that does not end it does as much work as it should, so the lines have room.
    if (done.ok() && !*done) return Line(Progress(), kLineBytes);
    ended_ = true;
    return Line(
        done.ok() ? nlohmann::json{{"type", "result"}, {"result", 1}} : Error(done.status()),
        kLastLineBytes);
  }

 private:
  nlohmann::json Progress() const {
    return {{"type", "validating"},
            {"verified", intake_->done_work()},
            {"total", intake_->total_work()}};
  }

  static nlohmann::json Error(const absl::Status& status) {
    return {{"type", "error"},
            {"message", std::string(status.message().substr(0, kMaxMessageBytes))},
            {"retryable", IsPassing(status)}};
  }

  std::string Line(const nlohmann::json& json, size_t bytes) {
    std::string line = Dump(json);
    line.resize(bytes - 1, ' ');
    line.push_back('\n');
    sent_bytes_ += bytes;
    return line;
  }

  std::string FillUp() {
    const size_t rest = std::min<size_t>(size_bytes_ - sent_bytes_, 1 << 20);
    sent_bytes_ += rest;
    return std::string(rest, '\n');
  }

  const std::unique_ptr<ShardIntake> intake_;
  const size_t size_bytes_;
  size_t sent_bytes_ = 0;
  bool ended_ = false;
};

}  // namespace

HttpResponse XetErrorResponse(const absl::Status& status) {
  HttpResponse response = Json({{"error", std::string(status.message())}});
  response.status = HttpStatusOf(status.code());
  return response;
}

HttpResponse AnswerWhenDone(std::unique_ptr<ShardIntake> intake) {
  while (true) {
    const absl::StatusOr<bool> done = intake->Step(kStepWork);
    if (!done.ok()) return XetErrorResponse(done.status());
    if (*done) return Json({{"result", 1}});
  }
}

HttpResponse AnswerWithProgress(std::unique_ptr<ShardIntake> intake) {
  HttpResponse response;
  response.content_type = "application/x-ndjson";
  response.headers["Cache-Control"] = "no-cache";
  response.body = std::make_shared<ProgressBody>(std::move(intake));
  return response;
}

}  // namespace ropewalk
