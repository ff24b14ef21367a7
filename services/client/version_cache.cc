#include "services/client/version_cache.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "services/client/connection.h"
#include "services/common/files.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

std::string CacheFolder() {
  std::string folder = EnvironmentVariable("ROPEWALK_CACHE");
  if (!folder.empty()) return folder;
  folder = EnvironmentVariable("XDG_CACHE_HOME");
  if (!folder.empty()) return folder + "/ropewalk";
  return EnvironmentVariable("HOME") + "/.cache/ropewalk";
}

}  // namespace

absl::StatusOr<std::string> FetchToCache(RegistryClient* registry, const v1::Version& version) {
  const std::string folder = absl::StrCat(CacheFolder(), "/", version.name());
  RETURN_IF_ERROR(MakeFolders(std::filesystem::path(folder).parent_path().string()));
  RETURN_IF_ERROR(registry->FetchVersion(version, folder));
  return folder;
}

}  // namespace ropewalk
