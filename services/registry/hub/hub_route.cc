#include "services/registry/hub/hub_route.h"

#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "services/common/url.h"

namespace ropewalk {
namespace {

using Parts = std::vector<std::string>;

bool IsType(const std::string& part) {
  return part == "models" || part == "datasets" || part == "spaces";
}

// The parts of the path, decoded. Nothing if one cannot be.
std::optional<Parts> SplitPath(absl::string_view path) {
  Parts parts;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    std::optional<std::string> decoded = PercentDecode(part);
    if (!decoded.has_value()) return std::nullopt;
    parts.push_back(*std::move(decoded));
  }
  return parts;
}

std::string PathFrom(const Parts& parts, size_t begin) {
  return absl::StrJoin(parts.begin() + begin, parts.end(), "/");
}

std::string IdAt(const Parts& parts, size_t begin) {
  return absl::StrCat(parts[begin], "/", parts[begin + 1]);
}

// After "/api/{type}/{namespace}/{name}/": parts[5] says what, parts[6] the revision.
std::optional<HubRoute> ParseRepositoryCall(const Parts& parts, HubRoute route) {
  const std::string& what = parts[5];
  if (parts.size() > 6) route.revision = parts[6];
  if (what == "tree" && parts.size() > 6) {
    route.call = HubCall::kTree;
    route.path = PathFrom(parts, 7);
    return route;
  }
  if (what == "auth-check" && parts.size() <= 7) {
    route.call = HubCall::kAuthCheck;
    route.revision = "main";
    if (parts.size() == 7) route.path = parts[6];
    return route;
  }
  if ((what == "refs" || what == "settings") && parts.size() == 6) {
    route.call = what == "refs" ? HubCall::kRefs : HubCall::kSettings;
    return route;
  }
  if (parts.size() != 7) return std::nullopt;
  static const auto* const calls = new std::map<std::string, HubCall>{
      {"revision", HubCall::kInfo},   {"paths-info", HubCall::kPathsInfo},
      {"commits", HubCall::kCommits}, {"preupload", HubCall::kPreupload},
      {"commit", HubCall::kCommit},   {"tag", HubCall::kTag},
      {"branch", HubCall::kBranch},   {"xet-write-token", HubCall::kXetToken}};
  const auto call = calls->find(what);
  if (call == calls->end()) return std::nullopt;
  route.call = call->second;
  return route;
}

std::optional<HubRoute> ParseApi(const Parts& parts) {
  HubRoute route;
  static const auto* const calls =
      new std::map<std::string, HubCall>{{"whoami-v2", HubCall::kWhoAmI},
                                         {"validate-yaml", HubCall::kValidateYaml},
                                         {"repos/create", HubCall::kCreateRepo},
                                         {"repos/delete", HubCall::kDeleteRepo},
                                         {"repos/move", HubCall::kMoveRepo}};
  const auto call = calls->find(PathFrom(parts, 2));
  if (call != calls->end()) {
    route.call = call->second;
    return route;
  }
  if (parts.size() < 3 || !IsType(parts[2])) return std::nullopt;
  route.type = parts[2];
  route.call = HubCall::kList;
  if (parts.size() == 3) return route;
  if (parts.size() < 5) return std::nullopt;
  route.id = IdAt(parts, 3);
  route.call = HubCall::kInfo;
  return parts.size() == 5 ? route : ParseRepositoryCall(parts, route);
}

// "/{namespace}/{name}.git/info/lfs/...".
std::optional<HubRoute> ParseLfs(const Parts& parts, size_t begin, HubRoute route) {
  const std::string what = PathFrom(parts, begin + 2);
  route.id = std::string(absl::StripSuffix(IdAt(parts, begin), ".git"));
  route.call = what == "info/lfs/verify" ? HubCall::kLfsVerify : HubCall::kLfsBatch;
  if (what != "info/lfs/verify" && what != "info/lfs/objects/batch") return std::nullopt;
  return route;
}

// "/{namespace}/{name}/resolve/{revision}/{path}", perhaps after "/{type}".
std::optional<HubRoute> ParseResolve(const Parts& parts) {
  HubRoute route;
  route.call = HubCall::kResolve;
  route.type = "models";
  if (parts.size() == 4 && parts[1] == "lfs" && parts[2] == "objects") {
    route.call = HubCall::kLfsUpload;
    route.path = parts[3];
    return route;
  }
  if (parts.size() == 5 && parts[1] == "lfs" && parts[2] == "parts") {
    route.call = HubCall::kLfsPart;
    route.path = PathFrom(parts, 3);
    return route;
  }
  size_t begin = 1;
  if (parts.size() > 1 && IsType(parts[1])) route.type = parts[begin++];
  if (parts.size() > begin + 3 && absl::EndsWith(parts[begin + 1], ".git")) {
    return ParseLfs(parts, begin, route);
  }
  if (parts.size() < begin + 5 || parts[begin + 2] != "resolve") return std::nullopt;
  route.id = IdAt(parts, begin);
  route.revision = parts[begin + 3];
  route.path = PathFrom(parts, begin + 4);
  return route;
}

}  // namespace

std::optional<HubRoute> ParseHubRoute(absl::string_view path) {
  const std::optional<Parts> parts = SplitPath(path);
  if (!parts.has_value() || parts->size() < 2 || !(*parts)[0].empty()) return std::nullopt;
  return (*parts)[1] == "api" ? ParseApi(*parts) : ParseResolve(*parts);
}

}  // namespace ropewalk
