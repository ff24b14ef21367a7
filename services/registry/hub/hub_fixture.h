#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "services/registry/hub/hub_handler.h"
#include "services/registry/registry_fixture.h"

namespace ropewalk {

// For tests: a registry that is asked as the Hub's clients do.
class HubFixture : public RegistryFixture {
 protected:
  static constexpr char kAdapterConfig[] = R"({"peft_type": "LORA", "r": 8})";

  HubFixture() { SetAccess(AccessOptions()); }

  // From now on with these rules.
  void SetAccess(const AccessOptions& options) {
    access_ = std::make_unique<AccessControl>(metadata_.get(), &clock_, options);
    handler_ = std::make_unique<HubHandler>(registry_.get(), access_.get(), &clock_,
                                            /*xet=*/nullptr, /*source=*/nullptr, lfs_);
  }

  // Publishes files by their paths.
  v1::Version PublishFiles(const std::string& repository,
                           const std::map<std::string, std::string>& files) {
    v1::CreateVersionRequest request;
    request.set_repository(repository);
    for (const auto& [path, bytes] : files) {
      v1::File* const file = request.add_files();
      file->set_path(path);
      file->set_digest(Upload(bytes));
      file->set_size_bytes(bytes.size());
    }
    return Create(request);
  }

  // A safetensors file of 17 bytes without tensors.
  static std::string Weights() { return std::string("\2\0\0\0\0\0\0\0{}", 10) + "weights"; }

  v1::Version PublishAdapter() {
    return PublishFiles("adapters/alice/sql", {{"README.md", "---\nbase_model: org/b\n---\n"},
                                               {"adapter_config.json", kAdapterConfig},
                                               {"adapter_model.safetensors", Weights()},
                                               {"sub/deep/x.txt", "x"}});
  }

  HttpResponse Ask(const std::string& target,
                   const std::map<std::string, std::string>& headers = {},
                   const std::string& method = "GET", const std::string& body = "") {
    HttpRequest request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    request.headers = headers;
    request.headers["host"] = "hub:7081";
    const auto exchange = handler_->Begin(request);
    if (!body.empty()) {
      if (auto early = exchange->Append(body)) return *std::move(early);
    }
    return exchange->Finish();
  }

  static std::string BodyOf(const HttpResponse& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    const auto& stretch = std::get<FileStretch>(response.body);
    return stretch.file->Read(stretch.offset, stretch.length).value_or("unreadable");
  }

  static nlohmann::json JsonOf(const HttpResponse& response) {
    return nlohmann::json::parse(BodyOf(response), nullptr, /*allow_exceptions=*/false);
  }

  nlohmann::json AskJson(const std::string& target) {
    const HttpResponse response = Ask(target);
    EXPECT_EQ(response.status, 200) << target << ": " << BodyOf(response);
    return JsonOf(response);
  }

  static std::string ErrorCode(const HttpResponse& response) {
    const auto found = response.headers.find("X-Error-Code");
    return found == response.headers.end() ? "" : found->second;
  }

  static std::vector<std::string> Ids(const nlohmann::json& items) {
    std::vector<std::string> ids;
    for (const auto& item : items) ids.push_back(item["id"]);
    return ids;
  }

  LfsOptions lfs_;
  std::unique_ptr<AccessControl> access_;
  std::unique_ptr<HubHandler> handler_;
};

}  // namespace ropewalk
