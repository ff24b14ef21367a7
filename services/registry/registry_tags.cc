#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/registry_change.h"

// Registry: tags.

namespace ropewalk {
namespace {

absl::StatusOr<ResourceName> ParseTagName(const std::string& name) {
  ASSIGN_OR_RETURN(const ResourceName parsed, ParseResourceName(name));
  if (!parsed.tag.empty()) return parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not a tag; give \"{repository}/tags/{tag}\""));
}

absl::Status Protected(const v1::Tag& tag) {
  return absl::FailedPreconditionError(absl::StrCat("the tag ", tag.name(),
                                                    " is protected and points to ", tag.version(),
                                                    "; take its protection away first, or force"));
}

}  // namespace

absl::Status Registry::CheckTagMayBecome(const std::string& repository, const std::string& name,
                                         const std::string& version, bool stays_protected) {
  const absl::StatusOr<v1::Tag> tag = metadata_->GetTag(repository, name);
  if (absl::IsNotFound(tag.status())) return absl::OkStatus();
  RETURN_IF_ERROR(tag.status());
  const bool unchanged = tag->version() == version && stays_protected;
  return tag->protected_() && !unchanged ? Protected(*tag) : absl::OkStatus();
}

absl::StatusOr<v1::Tag> Registry::SetTag(const v1::SetTagRequest& request) {
  ASSIGN_OR_RETURN(const ResourceName name, ParseTagName(request.name()));
  ASSIGN_OR_RETURN(const ResourceName target, ParseResourceName(request.version()));
  if (target.repository != name.repository) {
    return absl::InvalidArgumentError(absl::StrCat("a tag of ", name.repository,
                                                   " cannot point to ", request.version(),
                                                   "; name a version of the same repository"));
  }
  ASSIGN_OR_RETURN(const auto change, BeginChange(name.repository));
  ASSIGN_OR_RETURN(const v1::Version version, Resolve(target));
  if (!request.force()) {
    RETURN_IF_ERROR(
        CheckTagMayBecome(name.repository, name.tag, version.name(), request.protected_()));
  }
  v1::Tag tag;
  tag.set_name(request.name());
  tag.set_version(version.name());
  tag.set_protected_(request.protected_());
  *tag.mutable_update_time() = Now();
  const absl::StatusOr<v1::Tag> before = metadata_->GetTag(name.repository, name.tag);
  if (before.ok()) tag.set_branch(before->branch());
  RETURN_IF_ERROR(metadata_->PutTag(name.repository, name.tag, tag));
  return tag;
}

absl::Status Registry::DeleteTag(const v1::DeleteTagRequest& request) {
  ASSIGN_OR_RETURN(const ResourceName name, ParseTagName(request.name()));
  ASSIGN_OR_RETURN(const auto change, BeginChange(name.repository));
  ASSIGN_OR_RETURN(const v1::Tag tag, metadata_->GetTag(name.repository, name.tag));
  if (tag.protected_()) return Protected(tag);
  return metadata_->DeleteTag(name.repository, name.tag);
}

}  // namespace ropewalk
