#include "services/registry/hub/folder_oids.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/git_oid.h"
#include "services/registry/hub/file_tree.h"

namespace ropewalk {
namespace {

class FolderNamer {
 public:
  FolderNamer(const FileList& files, const FileOid& file_oid)
      : files_(files), file_oid_(file_oid) {}

  // Of the folder that is `prefix` without its '/', and of those below that are wanted.
  absl::StatusOr<std::string> Name(const std::string& prefix,
                                   std::map<std::string, std::string>* wanted) {
    next_ = LowerBound(files_, prefix);
    return NameNext(prefix, wanted);
  }

 private:
  // Of the folder that the next file is in.
  absl::StatusOr<std::string> NameNext(const std::string& prefix,
                                       std::map<std::string, std::string>* wanted) {
    std::vector<GitTreeEntry> entries;
    while (next_ != files_.end() && absl::StartsWith(next_->path(), prefix)) {
      const std::string& path = next_->path();
      const size_t slash = path.find('/', prefix.size());
      GitTreeEntry& entry = entries.emplace_back();
      entry.name = path.substr(prefix.size(), slash - prefix.size());
      entry.is_folder = slash != std::string::npos;
      if (entry.is_folder) {
        ASSIGN_OR_RETURN(entry.oid, NameNext(path.substr(0, slash + 1), wanted));
      } else {
        ASSIGN_OR_RETURN(entry.oid, file_oid_(*next_));
        ++next_;
      }
    }
    std::string oid = GitTreeOid(std::move(entries));
    const auto found = wanted->find(prefix);
    if (found != wanted->end()) found->second = oid;
    return oid;
  }

  const FileList& files_;
  const FileOid& file_oid_;
  FileList::const_iterator next_;
};

}  // namespace

absl::StatusOr<std::map<std::string, std::string>> FolderOids(
    const v1::Version& version, const std::vector<std::string>& folders, const FileOid& file_oid) {
  std::map<std::string, std::string> by_prefix;
  for (const std::string& folder : folders) by_prefix[absl::StrCat(folder, "/")];
  FolderNamer namer(version.files(), file_oid);
  std::map<std::string, std::string> oids;
  // Those further up come first, and name those further down, too.
  for (const auto& [prefix, oid] : by_prefix) {
    if (oid.empty()) RETURN_IF_ERROR(namer.Name(prefix, &by_prefix).status());
    oids[prefix.substr(0, prefix.size() - 1)] = oid;
  }
  return oids;
}

}  // namespace ropewalk
