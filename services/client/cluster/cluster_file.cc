#include "services/client/cluster/cluster_file.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

using Json = nlohmann::ordered_json;

Json ProcessJson(const ProcessId& id) { return {{"pid", id.pid}, {"start_time", id.start_time}}; }

ProcessId ProcessFrom(const Json& json) {
  return {json.at("pid").get<pid_t>(), json.at("start_time").get<uint64_t>()};
}

Json MemberJson(const ClusterMember& member) {
  Json json = {{"name", member.name}};
  json.update(ProcessJson(member.process));
  json.update(
      {{"address", member.address}, {"http_address", member.http_address}, {"log", member.log}});
  return json;
}

ClusterMember MemberFrom(const Json& json) {
  return {json.at("name"), ProcessFrom(json), json.at("address"), json.at("http_address"),
          json.at("log")};
}

}  // namespace

std::string ClusterFile::AddressOf(const std::string& name) const {
  for (const ClusterMember& member : members) {
    if (member.name == name) return member.address;
  }
  return "";
}

std::string ClusterFilePath(const std::string& state_folder) {
  return absl::StrCat(state_folder, "/cluster.json");
}

std::string FormatClusterFile(const ClusterFile& cluster) {
  Json json = {{"coordinator", cluster.AddressOf("coordinator")},
               {"registry", cluster.AddressOf("registry")},
               {"supervisor", ProcessJson(cluster.supervisor)},
               {"members", Json::array()}};
  for (const ClusterMember& member : cluster.members) json["members"].push_back(MemberJson(member));
  return json.dump(2) + "\n";
}

absl::StatusOr<ClusterFile> ParseClusterFile(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    ClusterFile cluster{ProcessFrom(json.at("supervisor")), {}};
    for (const Json& member : json.at("members")) cluster.members.push_back(MemberFrom(member));
    return cluster;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("not a cluster file: ", error.what()));
  }
}

absl::StatusOr<ClusterFile> ReadClusterFile(const std::string& state_folder) {
  const std::string path = ClusterFilePath(state_folder);
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(absl::StrCat("no cluster runs with the state folder ", state_folder,
                                            "; start one with: ropewalk up --state ",
                                            state_folder));
  }
  RETURN_IF_ERROR(text.status());
  absl::StatusOr<ClusterFile> cluster = ParseClusterFile(*text);
  if (cluster.ok()) return cluster;
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", cluster.status().message()));
}

absl::Status WriteClusterFile(const std::string& state_folder, const ClusterFile& cluster) {
  return WriteFileAtomically(ClusterFilePath(state_folder), FormatClusterFile(cluster));
}

}  // namespace ropewalk
