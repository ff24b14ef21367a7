#include "services/client/tar_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "services/common/files.h"
#include "services/common/input_file.h"
#include "services/common/output_file.h"
#include "services/common/status_macros.h"

namespace ropewalk {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;
constexpr size_t kBlockBytes = 64 << 10;

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

}  // namespace

void TarWriter::Closer::operator()(archive* tar) const { archive_write_free(tar); }
void TarReader::Closer::operator()(archive* tar) const { archive_read_free(tar); }

absl::Status TarWriter::Error() const {
  return FileError(archive_errno(tar_.get()),
                   absl::StrCat("cannot write ", path_, ": ", archive_error_string(tar_.get())));
}

absl::StatusOr<TarWriter> TarWriter::Create(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(absl::StrCat(path, " is there; name another file"));
  }
  TarWriter writer(path, archive_write_new());
  archive_write_set_format_pax_restricted(writer.tar_.get());
  if (archive_write_open_filename(writer.tar_.get(), path.c_str()) != ARCHIVE_OK) {
    return writer.Error();
  }
  return writer;
}

absl::Status TarWriter::AddHeader(const std::string& name, int64_t size_bytes) {
  const Entry entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), size_bytes);
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  return archive_write_header(tar_.get(), entry.get()) == ARCHIVE_OK ? absl::OkStatus() : Error();
}

absl::Status TarWriter::AddBytes(absl::string_view bytes) {
  const la_ssize_t written = archive_write_data(tar_.get(), bytes.data(), bytes.size());
  return written == static_cast<la_ssize_t>(bytes.size()) ? absl::OkStatus() : Error();
}

absl::Status TarWriter::AddText(const std::string& name, absl::string_view text) {
  RETURN_IF_ERROR(AddHeader(name, static_cast<int64_t>(text.size())));
  return AddBytes(text);
}

absl::Status TarWriter::AddFile(const std::string& name, const std::string& local_path) {
  ASSIGN_OR_RETURN(const auto file, InputFile::Open(local_path));
  std::error_code error;
  const int64_t size = static_cast<int64_t>(std::filesystem::file_size(local_path, error));
  if (error) return FileError(error.value(), absl::StrCat("cannot read ", local_path));
  RETURN_IF_ERROR(AddHeader(name, size));
  for (int64_t offset = 0; offset < size;) {
    ASSIGN_OR_RETURN(const std::string piece, file->Read(offset, kPieceBytes));
    if (piece.empty()) return absl::DataLossError(absl::StrCat(local_path, " became shorter"));
    RETURN_IF_ERROR(AddBytes(piece));
    offset += static_cast<int64_t>(piece.size());
  }
  return absl::OkStatus();
}

absl::Status TarWriter::Finish() {
  return archive_write_close(tar_.get()) == ARCHIVE_OK ? absl::OkStatus() : Error();
}

absl::Status TarReader::Error() const {
  const char* const reason = archive_error_string(tar_.get());
  return absl::InvalidArgumentError(absl::StrCat(
      path_, " is no whole tar file: ", reason == nullptr ? "it ends too early" : reason));
}

absl::StatusOr<TarReader> TarReader::Open(const std::string& path) {
  RETURN_IF_ERROR(InputFile::Open(path).status());
  TarReader reader(path, archive_read_new());
  archive_read_support_format_tar(reader.tar_.get());
  if (archive_read_open_filename(reader.tar_.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) {
    return reader.Error();
  }
  return reader;
}

absl::StatusOr<bool> TarReader::Next() {
  archive_entry* entry = nullptr;
  const int code = archive_read_next_header(tar_.get(), &entry);
  if (code == ARCHIVE_EOF) return false;
  if (code != ARCHIVE_OK) return Error();
  const char* const name = archive_entry_pathname(entry);
  if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG ||
      archive_entry_hardlink(entry) != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat(path_, " holds something other than regular files"));
  }
  name_ = name;
  size_bytes_ = archive_entry_size(entry);
  return true;
}

absl::StatusOr<std::string> TarReader::ReadPiece() {
  std::string piece(kPieceBytes, '\0');
  const la_ssize_t count = archive_read_data(tar_.get(), piece.data(), piece.size());
  if (count < 0) return Error();
  piece.resize(count);
  return piece;
}

absl::StatusOr<std::string> TarReader::ReadText(int64_t most) {
  std::string text;
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, ReadPiece());
    if (piece.empty()) return text;
    absl::StrAppend(&text, piece);
    if (static_cast<int64_t>(text.size()) > most) {
      return absl::InvalidArgumentError(
          absl::StrCat(path_, ": ", name_, " has more than ", most, " bytes"));
    }
  }
}

absl::Status TarReader::Extract(const std::string& local_path) {
  ASSIGN_OR_RETURN(OutputFile file, OutputFile::Create(local_path));
  while (true) {
    ASSIGN_OR_RETURN(const std::string piece, ReadPiece());
    if (piece.empty()) return file.SyncAndClose();
    RETURN_IF_ERROR(file.Append(piece));
  }
}

}  // namespace ropewalk
