#include "services/registry/xet/xet_handler.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/registry/xet/shard_intake.h"
#include "services/registry/xet/xet_answers.h"

namespace ropewalk {
namespace {

constexpr absl::string_view kRoot = "/xet/";
constexpr absl::Duration kTokenLife = absl::Hours(12);

// The path below "/xet/{generation}"; nothing if it is not one of ours.
std::optional<absl::string_view> CallOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, kRoot)) return std::nullopt;
  const size_t slash = path.find('/');
  if (slash == 0 || slash == absl::string_view::npos) return std::nullopt;
  const absl::string_view call = path.substr(slash);
  if (absl::StartsWith(call, "/v1/") || absl::StartsWith(call, "/v2/")) return call;
  return std::nullopt;
}

HttpResponse Inserted(bool inserted) {
  HttpResponse response;
  response.content_type = "application/json; charset=utf-8";
  response.body = nlohmann::json{{"was_inserted", inserted}}.dump();
  return response;
}

// Takes a body for nothing. Clients that still send when they are answered may not see the answer.
class IgnoredBody final : public HttpExchange {
 public:
  explicit IgnoredBody(HttpResponse answer) : answer_(std::move(answer)) {}

  std::optional<HttpResponse> Append(absl::string_view piece) override {
    taken_bytes_ += piece.size();
    if (taken_bytes_ <= kMaxXorbBytes) return std::nullopt;
    return std::move(answer_);
  }

  HttpResponse Finish() override { return std::move(answer_); }

 private:
  HttpResponse answer_;
  int64_t taken_bytes_ = 0;
};

class XorbBody final : public HttpExchange {
 public:
  explicit XorbBody(std::unique_ptr<XorbUpload> upload) : upload_(std::move(upload)) {}

  std::optional<HttpResponse> Append(absl::string_view piece) override {
    const absl::Status status = upload_->Append(piece);
    if (status.ok()) return std::nullopt;
    return XetErrorResponse(status);
  }

  HttpResponse Finish() override {
    const absl::Status status = upload_->Finish();
    return status.ok() ? Inserted(true) : XetErrorResponse(status);
  }

 private:
  const std::unique_ptr<XorbUpload> upload_;
};

class ShardBody final : public HttpExchange {
 public:
  using Answer = HttpResponse (*)(std::unique_ptr<ShardIntake> intake);

  ShardBody(XetStore* store, BlobStore* blobs, Answer answer)
      : store_(store), blobs_(blobs), answer_(answer) {}

  std::optional<HttpResponse> Append(absl::string_view piece) override {
    const absl::Status status = decoder_.Append(piece);
    if (status.ok()) return std::nullopt;
    return XetErrorResponse(status);
  }

  HttpResponse Finish() override {
    const absl::Status status = decoder_.Finish();
    if (!status.ok()) return XetErrorResponse(status);
    return answer_(std::make_unique<ShardIntake>(std::move(decoder_.shard()), store_, blobs_));
  }

 private:
  XetStore* const store_;
  BlobStore* const blobs_;
  const Answer answer_;
  ShardDecoder decoder_;
};

}  // namespace

bool XetHandler::Takes(absl::string_view path) { return CallOf(path).has_value(); }

bool XetHandler::MayWrite(const HttpRequest& request) const {
  const std::string header = request.header("authorization");
  absl::string_view token = header;
  return absl::ConsumePrefix(&token, "Bearer ") && tokens_->Check(token, clock_->Now());
}

std::unique_ptr<HttpExchange> XetHandler::Begin(const HttpRequest& request) {
  if (!MayWrite(request)) {
    return AnswerAtOnce(XetErrorResponse(absl::UnauthenticatedError(
        "the token was not issued here, or has expired; ask the registry for a new one")));
  }
  absl::string_view call = CallOf(request.path).value_or("");
  if (request.method == "POST") {
    if (absl::ConsumePrefix(&call, "/v1/xorbs/default/")) return BeginXorb(call);
    if (call == "/v1/shards") {
      return std::make_unique<ShardBody>(store_, blobs_, AnswerWhenDone);
    }
    if (call == "/v2/shards") {
      return std::make_unique<ShardBody>(store_, blobs_, AnswerWithProgress);
    }
  }
  return std::make_unique<IgnoredBody>(
      XetErrorResponse(absl::NotFoundError("there is nothing at this address")));
}

std::unique_ptr<HttpExchange> XetHandler::BeginXorb(absl::string_view name) {
  const std::optional<XetHash> hash = ParseXetHash(name);
  if (!hash.has_value()) {
    return AnswerAtOnce(XetErrorResponse(
        absl::InvalidArgumentError("the name of a xorb is a hash of 64 hex digits")));
  }
  const absl::StatusOr<bool> has = store_->Has(*hash);
  if (!has.ok()) return AnswerAtOnce(XetErrorResponse(has.status()));
  if (*has) return std::make_unique<IgnoredBody>(Inserted(false));
  absl::StatusOr<std::unique_ptr<XorbUpload>> upload = store_->BeginUpload(*hash);
  if (!upload.ok()) return AnswerAtOnce(XetErrorResponse(upload.status()));
  return std::make_unique<XorbBody>(*std::move(upload));
}

HttpResponse XetHandler::WriteToken(absl::string_view origin) const {
  const absl::Time expiry = clock_->Now() + kTokenLife;
  HttpResponse response;
  response.content_type = "application/json; charset=utf-8";
  response.headers["Cache-Control"] = "no-store";
  response.body = nlohmann::json{{"accessToken", tokens_->Issue(expiry)},
                                 {"exp", absl::ToUnixSeconds(expiry)},
                                 {"casUrl", absl::StrCat(origin, kRoot, store_->generation())}}
                      .dump();
  return response;
}

}  // namespace ropewalk
