#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace ropewalk {

// What a request to the Hub's side is for.
enum class HubCall {
  kWhoAmI,        // GET  /api/whoami-v2
  kCreateRepo,    // POST /api/repos/create
  kDeleteRepo,    // DELETE /api/repos/delete
  kMoveRepo,      // POST /api/repos/move
  kValidateYaml,  // POST /api/validate-yaml
  kList,          // GET  /api/{type}
  kInfo,          // GET  /api/{type}/{id}[/revision/{revision}]
  kTree,          // GET  /api/{type}/{id}/tree/{revision}[/{path}]
  kPathsInfo,     // POST /api/{type}/{id}/paths-info/{revision}
  kRefs,          // GET  /api/{type}/{id}/refs
  kCommits,       // GET  /api/{type}/{id}/commits/{revision}
  kAuthCheck,     // GET  /api/{type}/{id}/auth-check[/{path}]
  kSettings,      // PUT  /api/{type}/{id}/settings
  kPreupload,     // POST /api/{type}/{id}/preupload/{revision}
  kCommit,        // POST /api/{type}/{id}/commit/{revision}
  kTag,           // POST, DELETE /api/{type}/{id}/tag/{revision}
  kBranch,        // POST, DELETE /api/{type}/{id}/branch/{revision}
  kXetToken,      // GET  /api/{type}/{id}/xet-write-token/{revision}
  // For datasets with /datasets before it:
  kResolve,    // GET  /{id}/resolve/{revision}/{path}
  kLfsBatch,   // POST /{id}.git/info/lfs/objects/batch
  kLfsVerify,  // POST /{id}.git/info/lfs/verify
  // PUT; POST says which parts an object was sent in.
  kLfsUpload,  // /lfs/objects/{path}
  kLfsPart,    // PUT  /lfs/parts/{path}
};

// Where a request goes; {id} is "{namespace}/{name}".
struct HubRoute {
  HubCall call = HubCall::kWhoAmI;
  // "models", "datasets" or "spaces".
  std::string type;
  // Decoded; what the call does not have is empty, but that no revision means "main".
  std::string id;
  std::string revision = "main";
  std::string path;
};

// Nothing if the path, as sent, is none of the above, or cannot be decoded. A revision may hold an
// encoded '/' ("refs%2Fpr%2F1"), so the path is taken apart before it is decoded. Pure.
std::optional<HubRoute> ParseHubRoute(absl::string_view path);

}  // namespace ropewalk
