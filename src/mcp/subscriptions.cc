#include "mcp/subscriptions.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/fs/fs.h"
#include "mcp/protocol.h"
#include "mcp/reply.h"
#include "mcp/resources.h"

namespace cortex::mcp {

Subscriptions::Subscriptions(const Host& host, std::function<void(std::string text)> notify,
                             std::chrono::milliseconds step)
    : host_(host), notify_(std::move(notify)), step_(step) {}

Subscriptions::~Subscriptions() {
  std::vector<Listener> open;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    open.swap(listeners_);
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const Listener& one : open) one.ended();
}

bool Subscriptions::add(const std::string& uri, const std::string& text,
                        const std::string& listener) {
  const std::size_t digest = std::hash<std::string>()(text);
  const std::lock_guard lock(mutex_);
  const bool listens = listener.empty() ||
                       std::ranges::find(listeners_, listener, &Listener::id) != listeners_.end();
  if (!listens) return false;
  const bool known = std::ranges::any_of(
      watched_, [&](const Watched& one) { return one.uri == uri && one.listener == listener; });
  if (known) return true;
  if (watched_.size() == kCountMax) return false;
  watched_.push_back({uri, listener, digest});
  looks_again_ = true;  // what changed since `uri` was read is told
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
  return true;
}

void Subscriptions::remove(const std::string& uri) {
  const std::lock_guard lock(mutex_);
  std::erase_if(watched_,
                [&](const Watched& one) { return one.uri == uri && one.listener.empty(); });
}

void Subscriptions::listen(const std::string& listener, std::function<void()> ended) {
  const std::lock_guard lock(mutex_);
  listeners_.push_back({listener, std::move(ended)});
}

void Subscriptions::end(const std::string& listener) {
  std::function<void()> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(listeners_, listener, &Listener::id);
    if (found == listeners_.end()) return;
    ended = std::move(found->ended);
    listeners_.erase(found);
    std::erase_if(watched_, [&](const Watched& one) { return one.listener == listener; });
  }
  ended();
}

// What cannot be read now has the digest of nothing: it counts as changed once it can be.
std::size_t Subscriptions::digest_of(const std::string& uri) const {
  const auto text = read_resource(host_, uri);
  return text.ok() ? std::hash<std::string>()(*text) : 0;
}

std::uint64_t Subscriptions::ledger_size() const {
  const auto info = host_.services.fs.stat(host_.layout.event_log_path);
  return info.ok() ? info->size_bytes : 0;
}

void Subscriptions::tell_changes(std::vector<Watched> watched) {
  for (Watched& one : watched) {
    const std::size_t digest = digest_of(one.uri);
    if (digest == one.digest) continue;
    {
      const std::lock_guard lock(mutex_);
      const auto still = std::ranges::find_if(watched_, [&](const Watched& other) {
        return other.uri == one.uri && other.listener == one.listener;
      });
      if (still == watched_.end()) continue;
      still->digest = digest;
    }
    notify_(updated_text(one.uri, one.listener));
  }
}

void Subscriptions::run() {
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (!closing_) {
    if (watched_.empty()) {
      changed_.wait(lock, [this] { return closing_ || !watched_.empty(); });
    } else {
      changed_.wait_for(lock, step_, [this] { return closing_; });
    }
    if (closing_) return;
    const bool again = std::exchange(looks_again_, false);
    std::vector<Watched> watched = watched_;
    lock.unlock();
    const std::uint64_t size = ledger_size();
    const bool has_grown = size != std::exchange(seen, size);
    if (has_grown || again) tell_changes(std::move(watched));
    lock.lock();
    if (has_grown) looks_again_ = true;  // the store may not show yet what the new rows say
  }
}

json::Object listener_meta(const std::string& listener) {
  auto id = json::parse(listener);
  json::Object meta;
  if (id.ok()) meta.add(std::string(meta::kSubscriptionId), std::move(id).value());
  return meta;
}

std::string updated_text(const std::string& uri, const std::string& listener) {
  json::Object params{{"uri", uri}};
  if (!listener.empty()) params.add("_meta", listener_meta(listener));
  return notification_text("notifications/resources/updated", std::move(params));
}

}  // namespace cortex::mcp
