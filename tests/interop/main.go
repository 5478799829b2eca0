// An independent implementation of what Cortex reads and writes around its Merkle tree, made of
// golang.org/x/mod/sumdb/note and sumdb/tlog. For tests only (tests/interop/run.py).
//
//	interop root LEDGER N                     root of the first N rows, base64
//	interop open VKEY CHECKPOINT              origin, size and root, when the signature holds
//	interop check VKEY PROOF                  checks a tlog-proof file, prints its row
//	interop tiles FOLDER SIZE LEDGER          reads the tiles by tlog.TileHashReader, compares
//	interop prove LEDGER ORIGIN SEED INDEX    makes a checkpoint and a proof of its own
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, 0, len(indexes))
	for _, i := range indexes {
		out = append(out, h[i])
	}
	return out, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	must(err)
	return data
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	must(err)
	return n
}

// The rows of a ledger: its lines that are not blank.
func rows(path string) [][]byte {
	var out [][]byte
	for _, line := range bytes.Split(read(path), []byte("\n")) {
		if len(bytes.TrimSpace(line)) > 0 {
			out = append(out, line)
		}
	}
	return out
}

func treeOf(path string) (hashes, int64) {
	var all hashes
	list := rows(path)
	for i, row := range list {
		more, err := tlog.StoredHashes(int64(i), row, all)
		must(err)
		all = append(all, more...)
	}
	return all, int64(len(list))
}

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func openCheckpoint(vkey string, data []byte) checkpoint {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	must(err)
	opened, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		must(errors.New("a checkpoint has three lines"))
	}
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return checkpoint{lines[0], number(lines[1]), root}
}

type folderReader struct {
	folder string
	size   int64
	root   tlog.Hash
}

func (r folderReader) Height() int                         { return 8 }
func (r folderReader) SaveTiles(_ []tlog.Tile, _ [][]byte) {}

// tlog-tiles has no height in its paths.
func (r folderReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(r.folder, path))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}

func checkProof(vkey string, data []byte) {
	text := string(data)
	head, rest, found := strings.Cut(text, "\n\n")
	if !found {
		must(errors.New("no empty line"))
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		must(errors.New("not a tlog-proof"))
	}
	extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	must(err)
	index := number(strings.TrimPrefix(lines[2], "index "))
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		must(err)
		proof = append(proof, hash)
	}
	cp := openCheckpoint(vkey, []byte(rest))
	must(tlog.CheckRecord(proof, cp.size, cp.root, index, tlog.RecordHash(extra)))
	os.Stdout.Write(extra)
}

func checkTiles(folder string, size int64, ledger string) {
	all, count := treeOf(ledger)
	if size > count {
		must(errors.New("the tree is larger than the ledger"))
	}
	root, err := tlog.TreeHash(size, all)
	must(err)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, folderReader{folder, size, root})
	for _, index := range []int64{0, size / 2, size - 1} {
		proof, err := tlog.ProveRecord(size, index, reader)
		must(err)
		leaf, err := all.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		must(err)
		must(tlog.CheckRecord(proof, size, root, index, leaf[0]))
	}
	for old := int64(1); old <= size; old += 1 + size/50 {
		oldRoot, err := tlog.TreeHash(old, reader)
		must(err)
		proof, err := tlog.ProveTree(size, old, reader)
		must(err)
		must(tlog.CheckTree(proof, size, root, old, oldRoot))
	}
	fmt.Println(root)
}

// Written from the formats, with the key made from a raw seed.
func prove(ledger, origin string, seed []byte, index int64) {
	all, size := treeOf(ledger)
	root, err := tlog.TreeHash(size, all)
	must(err)
	private := ed25519.NewKeyFromSeed(seed)
	public := private.Public().(ed25519.PublicKey)
	encoded := append([]byte{1}, public...)
	id := sha256.Sum256(append([]byte(origin+"\n"), encoded...))
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, binary.BigEndian.Uint32(id[:4]),
		base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	signer, err := note.NewSigner(skey)
	must(err)
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, signer)
	must(err)
	proof, err := tlog.ProveRecord(size, index, all)
	must(err)
	fmt.Printf("c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n",
		base64.StdEncoding.EncodeToString(rows(ledger)[index]), index)
	for _, hash := range proof {
		fmt.Println(hash)
	}
	fmt.Printf("\n%s", signed)
}

func main() {
	args := os.Args[1:]
	if len(args) == 0 {
		must(errors.New("usage: interop COMMAND ..."))
	}
	switch fmt.Sprint(args[0], len(args)) {
	case "root3":
		all, _ := treeOf(args[1])
		root, err := tlog.TreeHash(number(args[2]), all)
		must(err)
		fmt.Println(root)
	case "open3":
		cp := openCheckpoint(string(read(args[1])), read(args[2]))
		fmt.Printf("%s %d %s\n", cp.origin, cp.size, cp.root)
	case "check3":
		checkProof(string(read(args[1])), read(args[2]))
	case "tiles4":
		checkTiles(args[1], number(args[2]), args[3])
	case "prove5":
		prove(args[1], args[2], read(args[3]), number(args[4]))
	default:
		must(fmt.Errorf("unknown command %q with %d arguments", args[0], len(args)-1))
	}
}
