#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <nlohmann/json.hpp>
#include <string>

#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What the Hub says of a repository, in its words. Pure.

// "2026-01-01T00:00:00.000Z".
std::string HubTime(const google::protobuf::Timestamp& time);

// "alice/sql-lora" for "adapters/alice/sql-lora".
std::string HubId(const std::string& repository_name);

// Everything but "siblings"; `card` is what ParseModelCard says.
nlohmann::json RepositoryInfo(const v1::Repository& repository, const v1::Version& version,
                              const nlohmann::json& card);

// {"branches": ..., "converts": [], "tags": ...}: `latest` is the branch "main".
nlohmann::json RefsInfo(const v1::Repository& repository);

// An item of a list of commits.
nlohmann::json CommitInfo(const v1::Version& version);

}  // namespace ropewalk
