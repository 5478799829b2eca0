#include "base/fs/crash_fs.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/fs/errors.h"
#include "base/fs/trees.h"
#include "base/text.h"

namespace cortex::fs {
namespace {

constexpr std::size_t kNameBytesMax = 255;

}  // namespace

class CrashFs::OpenFile final : public File {
 public:
  OpenFile(CrashFs& fs, NodeId node, std::string path, bool is_writable)
      : fs_(fs),
        node_(node),
        path_(std::move(path)),
        is_writable_(is_writable),
        restarts_(fs.restarts_) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() override { release(); }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) override;
  Status append(std::string_view bytes) override;
  Status truncate(std::uint64_t size_bytes) override;
  Status sync_data() override { return sync(false); }
  Status sync_all() override { return sync(true); }
  Result<Info> info() override;
  Status set_mode(unsigned mode) override;
  Status lock(Lock kind, int wait_millis_max) override;
  Status unlock() override;
  void drop_cache() override {
    if (errno_now() == 0) fs_.disk_.drop_clean_pages(node_);
  }
  Status close() override;
  const std::string& path() const override { return path_; }

 private:
  const CrashDisk::Node& node() const { return fs_.disk_.node(node_); }
  Error failed(std::string_view verb, int error_number) const {
    return system_error(verb, path_, error_number);
  }
  // 0, or why no call on this file can work.
  int errno_now() const {
    if (is_closed_) return EBADF;
    return fs_.is_halted_ || restarts_ != fs_.restarts_ ? EIO : 0;
  }
  Status check_usable(std::string_view verb) const {
    if (is_poisoned_) return poisoned_error(verb, path_);
    if (errno_now() != 0) return failed(verb, errno_now());
    return {};
  }
  void release();
  Status sync(bool with_mode);
  Status half_append(std::string_view bytes, int error_number);

  CrashFs& fs_;
  NodeId node_;
  std::string path_;
  bool is_writable_;
  unsigned restarts_;
  bool is_closed_ = false;
  bool is_poisoned_ = false;
};

Result<std::size_t> CrashFs::OpenFile::read_at(std::uint64_t offset, std::span<char> out) {
  if (errno_now() != 0) return failed("read", errno_now());
  if (node().is_folder && !out.empty()) return failed("read", EISDIR);
  const std::string& bytes = node().bytes;
  if (offset >= bytes.size()) return std::size_t{0};
  return bytes.copy(out.data(), out.size(), static_cast<std::size_t>(offset));
}

// Both halves of the repair are changes like others: the power may go away between them.
Status CrashFs::OpenFile::half_append(std::string_view bytes, int error_number) {
  const std::uint64_t size_before = node().bytes.size();
  Error error = failed("write", error_number);
  fs_.disk_.append(node_, bytes.substr(0, (bytes.size() + 1) / 2));
  if (fs_.cut_back_ == CutBack::kWorks) {
    fs_.disk_.resize(node_, size_before);
    error.unchanged = "the file has its old size";
  } else {
    is_poisoned_ = true;
    error.unchanged = cat("cutting it back to its old size of ", size_before, " bytes failed");
  }
  return error;
}

Status CrashFs::OpenFile::append(std::string_view bytes) {
  CORTEX_TRY(check_usable("write"));
  if (bytes.empty()) return {};
  if (!is_writable_) {
    is_poisoned_ = true;  // as a file that can neither be written nor cut back
    return failed("write", EBADF);
  }
  const Turn turn = fs_.take_turn("append", path_);
  if (turn.happens) fs_.disk_.append(node_, bytes);
  if (turn.error_number == 0) return {};
  if (!fs_.is_halted_) return half_append(bytes, turn.error_number);
  is_poisoned_ = true;
  return failed("write", turn.error_number);
}

Status CrashFs::OpenFile::truncate(std::uint64_t size_bytes) {
  CORTEX_TRY(check_usable("truncate"));
  if (!is_writable_) return failed("truncate", EINVAL);
  const Turn turn = fs_.take_turn("truncate", path_);
  if (turn.happens) fs_.disk_.resize(node_, size_bytes);
  if (turn.error_number == 0) return {};
  return failed("truncate", turn.error_number);
}

Status CrashFs::OpenFile::sync(bool with_mode) {
  CORTEX_TRY(check_usable("sync"));
  const Turn turn = fs_.take_turn("sync", path_);
  if (turn.error_number == 0) {
    fs_.disk_.sync(node_, with_mode);
    return {};
  }
  // A sync that the power loss interrupts leaves everything to its fate.
  if (!fs_.is_halted_) fs_.disk_.fail_sync(node_);
  is_poisoned_ = true;
  Error error = failed("sync", turn.error_number);
  error.unchanged = "what was written since the last sync may be lost";
  return error;
}

Result<Info> CrashFs::OpenFile::info() {
  if (errno_now() != 0) return failed("inspect", errno_now());
  return fs_.info_of(node_);
}

Status CrashFs::OpenFile::set_mode(unsigned mode) {
  CORTEX_TRY(check_usable("change the mode of"));
  const Turn turn = fs_.take_turn("chmod", path_);
  if (turn.happens) fs_.disk_.set_mode(node_, mode & 07777U);
  if (turn.error_number == 0) return {};
  return failed("change the mode of", turn.error_number);
}

// Waiting would be in vain: the holder is on the same thread.
Status CrashFs::OpenFile::lock(Lock kind, int wait_millis_max) {
  CORTEX_TRY(check_usable("lock"));
  Locks& locks = fs_.locks_[node_];
  locks.holders.erase(this);
  if (!locks.holders.empty() && (kind == Lock::kExclusive || locks.is_exclusive)) {
    return lock_timeout(path_, wait_millis_max);
  }
  locks.holders.insert(this);
  locks.is_exclusive = kind == Lock::kExclusive;
  return {};
}

Status CrashFs::OpenFile::unlock() {
  if (errno_now() != 0) return failed("unlock", errno_now());
  release();
  return {};
}

void CrashFs::OpenFile::release() {
  const auto it = fs_.locks_.find(node_);
  if (it != fs_.locks_.end()) it->second.holders.erase(this);
}

Status CrashFs::OpenFile::close() {
  const int error_number = errno_now();
  release();
  is_closed_ = true;
  if (error_number == 0) return {};
  return failed("close", error_number);
}

void CrashFs::fail_at(std::size_t n, int error_number, CutBack cut_back) {
  fail_at_ = n;
  fail_errno_ = error_number;
  cut_back_ = cut_back;
}

void CrashFs::crash(Fate fate, std::uint64_t seed) {
  disk_.crash(fate, seed);
  kill();
}

void CrashFs::kill() {
  locks_.clear();
  fail_at_ = crash_at_ = 0;
  is_halted_ = false;
  ++restarts_;
}

CrashFs::Turn CrashFs::take_turn(std::string_view verb, const std::string& path) {
  CORTEX_CHECK(!is_halted_);
  operations_.push_back(cat(verb, ' ', quoted(path)));
  if (operations_.size() == crash_at_) {
    is_halted_ = true;
    return {true, EIO};
  }
  if (operations_.size() == fail_at_) return {false, fail_errno_};
  return {};
}

Result<CrashFs::Place> CrashFs::find(std::string_view verb, const std::string& path) const {
  CORTEX_TRY(check_path(verb, path));
  if (is_halted_) return system_error(verb, path, EIO);
  Place place;
  std::vector<std::pair<std::string, NodeId>> above;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty()) continue;
    if (place.node == CrashDisk::kNone) return system_error(verb, path, ENOENT);
    const CrashDisk::Node& here = disk_.node(place.node);
    if (!here.is_folder) return system_error(verb, path, ENOTDIR);
    if (part.size() > kNameBytesMax) return system_error(verb, path, ENAMETOOLONG);
    if (part == ".." && !above.empty()) above.pop_back();
    if (part == "." || part == "..") {
      place.name.clear();
      place.node = above.empty() ? CrashDisk::kRoot : above.back().second;
      continue;
    }
    place.folder = place.node;
    place.name = part;
    const auto entry = here.entries.find(part);
    place.node = entry == here.entries.end() ? CrashDisk::kNone : entry->second;
    above.emplace_back(place.name, place.node);
  }
  const bool is_file = place.node != CrashDisk::kNone && !disk_.node(place.node).is_folder;
  if (is_file && path.ends_with('/')) return system_error(verb, path, ENOTDIR);
  for (const auto& [name, node] : above) place.canonical += cat('/', name);
  if (above.empty()) place.canonical = "/";
  return place;
}

Result<CrashFs::Place> CrashFs::find_existing(std::string_view verb,
                                              const std::string& path) const {
  CORTEX_ASSIGN(Place place, find(verb, path));
  if (place.node == CrashDisk::kNone) return system_error(verb, path, ENOENT);
  return place;
}

Info CrashFs::info_of(NodeId id) const {
  constexpr std::int64_t kFirstSecond = 1'700'000'000;
  constexpr std::uint64_t kFolderBytes = 4096;
  const CrashDisk::Node& node = disk_.node(id);
  Info info;
  info.kind = node.is_folder ? Kind::kDirectory : Kind::kFile;
  info.size_bytes = node.is_folder ? kFolderBytes : node.bytes.size();
  info.mode = node.mode;
  info.modified = {kFirstSecond + static_cast<std::int64_t>(node.changed), 0};
  info.device = 1;
  info.inode = id;
  return info;
}

Result<std::unique_ptr<File>> CrashFs::open_existing(const std::string& path, bool is_writable) {
  CORTEX_ASSIGN(const Place place, find_existing("open", path));
  if (is_writable && disk_.node(place.node).is_folder) return system_error("open", path, EISDIR);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, place.node, path, is_writable));
}

Result<std::unique_ptr<File>> CrashFs::create(const std::string& path, unsigned mode) {
  CORTEX_ASSIGN(const Place place, find("create", path));
  if (place.node != CrashDisk::kNone) return system_error("create", path, EEXIST);
  if (path.ends_with('/')) return system_error("create", path, EISDIR);
  const Turn turn = take_turn("create", path);
  NodeId id = CrashDisk::kNone;
  if (turn.happens) id = disk_.add(place.folder, place.name, false, mode & 07777U);
  if (turn.error_number != 0) return system_error("create", path, turn.error_number);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, id, path, true));
}

// The same steps as posix(): only the call that creates the file syncs the folder.
Result<std::unique_ptr<File>> CrashFs::open_or_create(const std::string& path, unsigned mode) {
  auto existing = open_existing(path, true);
  if (existing.ok() || existing.error().system_errno != ENOENT) return existing;
  CORTEX_ASSIGN(auto created, create(path, mode));
  CORTEX_TRY(sync_directory(parent_of(path)));
  return created;
}

Result<std::unique_ptr<File>> CrashFs::open(const std::string& path, Open how, unsigned mode) {
  switch (how) {
    case Open::kRead:
      return open_existing(path, false);
    case Open::kAppend:
      return open_existing(path, true);
    case Open::kAppendOrCreate:
      return open_or_create(path, mode);
    case Open::kCreateExclusive:
      return create(path, mode);
  }
  CORTEX_UNREACHABLE();
}

Result<std::unique_ptr<File>> CrashFs::open_directory(const std::string& path) {
  CORTEX_ASSIGN(const Place place, find_existing("open folder", path));
  if (!disk_.node(place.node).is_folder) return system_error("open folder", path, ENOTDIR);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(*this, place.node, path, false));
}

Result<Info> CrashFs::stat(const std::string& path) {
  auto place = find("inspect", path);
  if (!place.ok()) {
    const int error_number = place.error().system_errno;
    if (error_number == ENOENT || error_number == ENOTDIR) return Info{};
    return std::move(place).error();
  }
  return place->node == CrashDisk::kNone ? Info{} : info_of(place->node);
}

Status CrashFs::make_directory(const std::string& path, unsigned mode) {
  CORTEX_ASSIGN(const Place place, find("create folder", path));
  if (place.node != CrashDisk::kNone) return system_error("create folder", path, EEXIST);
  const Turn turn = take_turn("mkdir", path);
  if (turn.happens) disk_.add(place.folder, place.name, true, mode & 07777U);
  if (turn.error_number == 0) return {};
  return system_error("create folder", path, turn.error_number);
}

Result<std::vector<std::string>> CrashFs::make_directories(const std::string& path, unsigned mode) {
  return make_missing_directories(*this, path, mode);
}

Status CrashFs::remove(std::string_view verb, const std::string& path, const Place& place) {
  const Turn turn = take_turn("remove", path);
  if (turn.happens) disk_.remove(place.folder, place.name);
  if (turn.error_number == 0) return {};
  return system_error(verb, path, turn.error_number);
}

Status CrashFs::remove_file(const std::string& path) {
  CORTEX_ASSIGN(const Place place, find_existing("remove", path));
  if (disk_.node(place.node).is_folder) return system_error("remove", path, EISDIR);
  return remove("remove", path, place);
}

Status CrashFs::remove_directory(const std::string& path) {
  constexpr std::string_view kVerb = "remove folder";
  CORTEX_ASSIGN(const Place place, find_existing(kVerb, path));
  if (!disk_.node(place.node).is_folder) return system_error(kVerb, path, ENOTDIR);
  if (place.name.empty()) return system_error(kVerb, path, EBUSY);
  if (!disk_.node(place.node).entries.empty()) return system_error(kVerb, path, ENOTEMPTY);
  return remove(kVerb, path, place);
}

Result<std::vector<std::string>> CrashFs::list(const std::string& path) {
  CORTEX_ASSIGN(const Place place, find_existing("list", path));
  const CrashDisk::Node& folder = disk_.node(place.node);
  if (!folder.is_folder) return system_error("list", path, ENOTDIR);
  std::vector<std::string> names;
  for (const auto& [name, node] : folder.entries) names.push_back(name);
  return names;
}

Status CrashFs::rename_no_replace(const std::string& from, const std::string& to) {
  CORTEX_TRY(check_path("rename", from));
  CORTEX_TRY(check_path("rename to", to));
  const auto source = find_existing("rename", from);
  if (!source.ok()) return rename_error(from, to, source.error().system_errno);
  const auto target = find("rename", to);
  if (!target.ok()) return rename_error(from, to, target.error().system_errno);
  if (source->name.empty()) return rename_error(from, to, EBUSY);
  if (target->node != CrashDisk::kNone) return rename_error(from, to, EEXIST);
  if (cat(target->canonical, '/').starts_with(cat(source->canonical, '/'))) {
    return rename_error(from, to, EINVAL);  // into itself
  }
  if (to.ends_with('/') && !disk_.node(source->node).is_folder) {
    return rename_error(from, to, ENOTDIR);
  }
  const Turn turn = take_turn("rename", from);
  if (turn.happens) disk_.move(source->folder, source->name, target->folder, target->name);
  if (turn.error_number == 0) return {};
  return rename_error(from, to, turn.error_number);
}

Status CrashFs::sync_directory(const std::string& path) {
  CORTEX_ASSIGN(const std::unique_ptr<File> directory, open_directory(path));
  Status synced = directory->sync_all();
  if (!synced.ok() && synced.error().system_errno != EINVAL) return synced;
  return directory->close();
}

Result<std::string> CrashFs::canonical(const std::string& path) {
  CORTEX_ASSIGN(Place place, find_existing("resolve", path));
  return std::move(place.canonical);
}

}  // namespace cortex::fs
