#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"
#include "services/registry/registry_change.h"

// Registry: tags.

namespace ropewalk {
namespace {

constexpr char kLatest[] = "latest";

absl::StatusOr<ResourceName> ParseTagName(const std::string& name) {
  ASSIGN_OR_RETURN(const ResourceName parsed, ParseResourceName(name));
  if (!parsed.tag.empty()) return parsed;
  return absl::InvalidArgumentError(
      absl::StrCat("'", name, "' is not a tag; give \"{repository}/tags/{tag}\""));
}

absl::Status Protected(const v1::Tag& tag) {
  if (tag.immutable()) {
    return absl::FailedPreconditionError(absl::StrCat("the tag ", tag.name(),
                                                      " is immutable and points to ", tag.version(),
                                                      " for good; give another tag"));
  }
  return absl::FailedPreconditionError(absl::StrCat("the tag ", tag.name(),
                                                    " is protected and points to ", tag.version(),
                                                    "; take its protection away first, or force"));
}

}  // namespace

absl::Status Registry::CheckTagMayBecome(const std::string& repository, const std::string& name,
                                         const std::string& version, bool stays_protected,
                                         bool force) {
  const absl::StatusOr<v1::Tag> tag = metadata_->GetTag(repository, name);
  if (absl::IsNotFound(tag.status())) return absl::OkStatus();
  RETURN_IF_ERROR(tag.status());
  if (!tag->protected_() || (force && !tag->immutable())) return absl::OkStatus();
  const bool unchanged = tag->version() == version && stays_protected;
  return unchanged ? absl::OkStatus() : Protected(*tag);
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
  const bool is_protected = request.protected_() || request.immutable();
  RETURN_IF_ERROR(
      CheckTagMayBecome(name.repository, name.tag, version.name(), is_protected, request.force()));
  v1::Tag tag;
  tag.set_name(request.name());
  tag.set_version(version.name());
  tag.set_protected_(is_protected);
  *tag.mutable_update_time() = Now();
  const absl::StatusOr<v1::Tag> before = metadata_->GetTag(name.repository, name.tag);
  if (before.ok()) tag.set_branch(before->branch());
  tag.set_immutable(request.immutable() || (before.ok() && before->immutable()));
  if (tag.immutable() && (tag.branch() || name.tag == kLatest)) {
    return absl::InvalidArgumentError(absl::StrCat(
        tag.name(), " is a branch, which commits move; make a tag of its own immutable"));
  }
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
