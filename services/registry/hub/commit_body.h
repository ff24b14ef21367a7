#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "services/common/http_handler.h"
#include "services/registry/commit.h"
#include "services/registry/hub/commit_decoder.h"
#include "services/registry/registry.h"

namespace ropewalk {

// Takes the body of a commit: its files become blobs as they come, and what it changes is handed to
// `finish` when it has come whole.
class CommitBody final : public HttpExchange, private CommitSink {
 public:
  using Finisher = std::function<HttpResponse(const Commit& commit)>;

  // `registry` is not owned and outlives this. `commit` names repository and branch.
  CommitBody(Registry* registry, Commit commit, Finisher finish)
      : registry_(registry), commit_(std::move(commit)), finish_(std::move(finish)) {}

  std::optional<HttpResponse> Append(absl::string_view piece) override;
  HttpResponse Finish() override;

 private:
  absl::Status BeginContent() override;
  absl::Status AppendContent(absl::string_view bytes) override;
  absl::Status EndContent() override;
  absl::Status TakeLine(const nlohmann::json& line) override;

  absl::Status TakeHeader(const nlohmann::json& value);
  absl::Status TakeFile(const nlohmann::json& value, const BlobUpload* content);
  absl::Status TakeLfsFile(const nlohmann::json& value);

  Registry* const registry_;
  Commit commit_;
  const Finisher finish_;
  CommitDecoder decoder_{this};
  std::unique_ptr<BlobUpload> content_;  // Of the line at hand.
};

}  // namespace ropewalk
