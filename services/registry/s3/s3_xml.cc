#include "services/registry/s3/s3_xml.h"

#include <functional>
#include <pugixml.hpp>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

// The document's root, which must be `name`.
absl::StatusOr<pugi::xml_node> Parse(absl::string_view xml, const char* name,
                                     pugi::xml_document* document) {
  const pugi::xml_parse_result result = document->load_buffer(xml.data(), xml.size());
  const pugi::xml_node root = document->document_element();
  if (result && root.name() == std::string(name)) return root;
  return absl::InternalError(
      absl::StrCat("the store's answer is no ", name, "; is the endpoint an S3 store's?"));
}

std::string Text(const pugi::xml_node& node, const char* child) { return node.child_value(child); }

absl::StatusOr<absl::Time> ParseTimeOf(const pugi::xml_node& node, const char* child) {
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, Text(node, child), &time, &error)) return time;
  return absl::InternalError(absl::StrCat("the store's answer has no good ", child, ": ", error));
}

absl::StatusOr<int64_t> ParseSize(const pugi::xml_node& node) {
  int64_t size = 0;
  if (absl::SimpleAtoi(Text(node, "Size"), &size) && size >= 0) return size;
  return absl::InternalError("the store's answer has no good Size");
}

absl::StatusOr<S3ListedObject> ParseObject(const pugi::xml_node& node) {
  S3ListedObject object;
  object.key = Text(node, "Key");
  ASSIGN_OR_RETURN(object.size_bytes, ParseSize(node));
  ASSIGN_OR_RETURN(object.modified, ParseTimeOf(node, "LastModified"));
  return object;
}

absl::StatusOr<S3ListedUpload> ParseUpload(const pugi::xml_node& node) {
  S3ListedUpload upload;
  upload.key = Text(node, "Key");
  upload.id = Text(node, "UploadId");
  ASSIGN_OR_RETURN(upload.begun, ParseTimeOf(node, "Initiated"));
  return upload;
}

absl::StatusOr<S3ListedPart> ParsePart(const pugi::xml_node& node) {
  S3ListedPart part;
  ASSIGN_OR_RETURN(part.size_bytes, ParseSize(node));
  ASSIGN_OR_RETURN(part.modified, ParseTimeOf(node, "LastModified"));
  return part;
}

template <typename Item>
absl::StatusOr<S3Page<Item>> ParsePage(
    const pugi::xml_node& root, const char* item_name, const char* next_name,
    absl::StatusOr<Item> (*parse_item)(const pugi::xml_node& node)) {
  S3Page<Item> page;
  for (const pugi::xml_node& node : root.children(item_name)) {
    ASSIGN_OR_RETURN(Item item, parse_item(node));
    page.items.push_back(std::move(item));
  }
  page.next = Text(root, next_name);
  page.next_id = Text(root, "NextUploadIdMarker");
  page.last = Text(root, "IsTruncated") != "true";
  if (page.last || !page.next.empty() || !page.next_id.empty()) return page;
  return absl::InternalError(absl::StrCat("the store's list goes on, but has no ", next_name));
}

}  // namespace

absl::StatusOr<S3Page<S3ListedObject>> ParseObjects(absl::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Parse(xml, "ListBucketResult", &document));
  return ParsePage<S3ListedObject>(root, "Contents", "NextContinuationToken", &ParseObject);
}

absl::StatusOr<S3Page<S3ListedUpload>> ParseUploads(absl::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Parse(xml, "ListMultipartUploadsResult", &document));
  return ParsePage<S3ListedUpload>(root, "Upload", "NextKeyMarker", &ParseUpload);
}

absl::StatusOr<S3Page<S3ListedPart>> ParseParts(absl::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Parse(xml, "ListPartsResult", &document));
  return ParsePage<S3ListedPart>(root, "Part", "NextPartNumberMarker", &ParsePart);
}

absl::StatusOr<std::string> ParseUploadId(absl::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root,
                   Parse(xml, "InitiateMultipartUploadResult", &document));
  std::string id = Text(root, "UploadId");
  if (id.empty()) return absl::InternalError("the store began an upload without an UploadId");
  return id;
}

absl::StatusOr<std::string> ParseCopiedPart(absl::string_view xml) {
  pugi::xml_document document;
  ASSIGN_OR_RETURN(const pugi::xml_node root, Parse(xml, "CopyPartResult", &document));
  std::string etag = Text(root, "ETag");
  if (etag.empty()) return absl::InternalError("the store copied a part without an ETag");
  return etag;
}

std::string FormatCompletion(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  int number = 0;
  for (const std::string& etag : etags) {
    pugi::xml_node part = root.append_child("Part");
    part.append_child("PartNumber").text() = ++number;
    part.append_child("ETag").text() = etag.c_str();
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

std::optional<S3Error> ParseS3Error(absl::string_view xml) {
  pugi::xml_document document;
  const absl::StatusOr<pugi::xml_node> root = Parse(xml, "Error", &document);
  if (!root.ok()) return std::nullopt;
  return S3Error{Text(*root, "Code"), Text(*root, "Message"), Text(*root, "Region")};
}

}  // namespace ropewalk
