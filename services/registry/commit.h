#pragma once

#include <string>
#include <vector>

#include "ropewalk/v1/registry_service.pb.h"

namespace ropewalk {

// What a commit of the Hub's clients changes on a branch.
struct Commit {
  // "{kind}/{namespace}/{name}".
  std::string repository;
  // The tag that stands for it: `latest` for "main".
  std::string branch;
  // If not empty, how the id of the branch's version must begin.
  std::string parent;
  // Who makes it, and what they say of it.
  std::string author;
  std::string title;
  std::string message;
  // Added or replaced; their blobs are there.
  std::vector<v1::File> files;
  // What is not there is no error.
  std::vector<std::string> deleted_files;
  std::vector<std::string> deleted_folders;
};

}  // namespace ropewalk
