//! Which file of a crate imports from which, and which of them go round in a circle.
//!
//! A file imports from the file that owns the name: a re-export on the way counts for nothing, and neither does what only
//! tests use. A folder is one room with its `mod.rs` as the door, so what a file takes from the module that it is a part of
//! counts for nothing either.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// A module by its path below the crate.
type Module = Vec<String>;

/// What a file says.
#[derive(Default)]
struct File {
    /// The names that it defines.
    defines: BTreeSet<String>,
    /// The names that it brings in, and where they are from.
    brings: BTreeMap<String, Module>,
    /// Those of them that it only passes on.
    passes_on: BTreeSet<String>,
    /// The paths that its code names.
    uses: BTreeSet<Module>,
}

/// The circles among the files below a crate's `src`, each as its modules.
pub(crate) fn circles(src: &Path) -> Vec<Vec<String>> {
    let files: BTreeMap<Module, File> = sources(src)
        .into_iter()
        .map(|path| (module_of(src, &path), read(src, &path)))
        .collect();
    let names: BTreeMap<&Module, String> = files.keys().map(|each| (each, shown(each))).collect();
    let mut graph = DiGraphMap::<&str, ()>::new();
    for (module, file) in &files {
        for used in used_by(file) {
            let owner = owner(&files, &used, 0);
            if !module.starts_with(&owner) {
                graph.add_edge(&names[module], &names[&owner], ());
            }
        }
    }
    let strong = tarjan_scc(&graph).into_iter();
    let circles = strong.filter(|files| files.len() > 1);
    circles
        .map(|files| files.into_iter().map(str::to_owned).collect())
        .collect()
}

fn used_by(file: &File) -> impl Iterator<Item = Module> {
    let brought = file.brings.iter();
    let brought = brought.filter(|(name, _)| !file.passes_on.contains(*name));
    let named = file.uses.iter().filter_map(|path| {
        let (first, rest) = path.split_first()?;
        match file.brings.get(first) {
            Some(brought) => Some([brought, rest].concat()),
            None => (first == "crate").then(|| rest.to_vec()),
        }
    });
    brought.map(|(_, path)| path.clone()).chain(named)
}

/// The file in which a path ends, behind all re-exports.
fn owner(files: &BTreeMap<Module, File>, path: &[String], depth: usize) -> Module {
    let lengths = (0..=path.len()).rev();
    let mut modules = lengths.map(|length| path[..length].to_vec());
    let module = modules.find(|module| files.contains_key(module)).unwrap();
    let Some(name) = path.get(module.len()) else {
        return module;
    };
    let file = &files[&module];
    match file.brings.get(name) {
        Some(from) if !file.defines.contains(name) && depth < MOST_REEXPORTS => {
            let rest = &path[module.len() + 1..];
            owner(files, &[from, rest].concat(), depth + 1)
        }
        _ => module,
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
    found
}

fn module_of(src: &Path, file: &Path) -> Module {
    let below = file.strip_prefix(src).unwrap().with_extension("");
    let mut module: Module = below
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

fn shown(module: &Module) -> String {
    match module.is_empty() {
        true => "the crate's root".to_owned(),
        false => module.join("::"),
    }
}

fn read(src: &Path, path: &Path) -> File {
    let text = std::fs::read_to_string(path).unwrap();
    let parsed = syn::parse_file(&text).unwrap();
    let children = parsed.items.iter().filter_map(|item| match item {
        Item::Mod(child) => Some(child.ident.to_string()),
        _ => None,
    });
    let mut reader = Reader {
        module: module_of(src, path),
        children: children.collect(),
        file: File::default(),
    };
    reader.visit_file(&parsed);
    reader.file
}

struct Reader {
    module: Module,
    /// The modules that the file declares, which its paths may begin with.
    children: BTreeSet<String>,
    file: File,
}

impl Reader {
    /// A path below the crate, or none if it leads out of it. Of several at the front, `super` goes up one by one.
    fn below_crate(&self, path: &[String]) -> Option<Module> {
        let (first, mut rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Module::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len() - 1].to_vec(),
            child if self.children.contains(child) => [&self.module[..], &path[..1]].concat(),
            _ => return None,
        };
        while let Some(("super", behind)) =
            rest.split_first().map(|(name, rest)| (name.as_str(), rest))
        {
            base.pop();
            rest = behind;
        }
        base.extend_from_slice(rest);
        Some(base)
    }

    /// Notes the paths below the crate in the tokens of a macro, as they are printed.
    fn use_tokens(&mut self, tokens: &str) {
        for behind in tokens.split("crate ::").skip(1) {
            let mut path = vec!["crate".to_owned()];
            for part in behind.split("::") {
                let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                let name = part.trim_start();
                let name = &name[..name
                    .find(|letter| !is_of_name(letter))
                    .unwrap_or(name.len())];
                path.push(name.to_owned());
                if part.trim() != name {
                    break;
                }
            }
            self.file.uses.insert(path);
        }
    }

    fn bring(&mut self, tree: &UseTree, before: &[String], is_passed_on: bool) {
        match tree {
            UseTree::Path(path) => {
                let before = [before, &[path.ident.to_string()]].concat();
                self.bring(&path.tree, &before, is_passed_on);
            }
            UseTree::Group(group) => {
                for each in &group.items {
                    self.bring(each, before, is_passed_on);
                }
            }
            UseTree::Name(name) if name.ident == "self" => {
                let name = before.last().unwrap().clone();
                self.bring_as(name, before, is_passed_on);
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                let path = [before, std::slice::from_ref(&name)].concat();
                self.bring_as(name, &path, is_passed_on);
            }
            UseTree::Rename(rename) => {
                let path = [before, &[rename.ident.to_string()]].concat();
                self.bring_as(rename.rename.to_string(), &path, is_passed_on);
            }
            UseTree::Glob(_) => {
                self.bring_as(format!("{}::*", before.join("::")), before, is_passed_on)
            }
        }
    }

    fn bring_as(&mut self, name: String, path: &[String], is_passed_on: bool) {
        let Some(path) = self.below_crate(path) else {
            return;
        };
        if is_passed_on {
            self.file.passes_on.insert(name.clone());
        }
        self.file.brings.insert(name, path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let (attributes, name): (&[Attribute], _) = match item {
            Item::Const(item) => (&item.attrs, Some(&item.ident)),
            Item::Enum(item) => (&item.attrs, Some(&item.ident)),
            Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
            Item::Static(item) => (&item.attrs, Some(&item.ident)),
            Item::Struct(item) => (&item.attrs, Some(&item.ident)),
            Item::Trait(item) => (&item.attrs, Some(&item.ident)),
            Item::Type(item) => (&item.attrs, Some(&item.ident)),
            Item::Mod(item) => (&item.attrs, None),
            Item::Use(item) => (&item.attrs, None),
            Item::Impl(item) => (&item.attrs, None),
            _ => (&[], None),
        };
        if attributes.iter().any(is_of_tests) {
            return;
        }
        self.file.defines.extend(name.map(ToString::to_string));
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_passed_on = !matches!(item.vis, Visibility::Inherited);
        self.bring(&item.tree, &[], is_passed_on);
    }

    /// What a macro is given, such as the text of an error, names things too.
    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.use_tokens(&item.tokens.to_string());
        visit::visit_macro(self, item);
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.use_tokens(&list.tokens.to_string());
        visit::visit_meta_list(self, list);
    }

    /// `pub(crate)` is no use of anything.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Module = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        if let Some(below) = self.below_crate(&names) {
            let path = [&["crate".to_owned()], below.as_slice()].concat();
            self.file.uses.insert(path);
        } else {
            self.file.uses.insert(names);
        }
        visit::visit_path(self, path);
    }
}

fn is_of_tests(attribute: &Attribute) -> bool {
    let is_condition = attribute.path().is_ident("cfg");
    is_condition
        && attribute
            .parse_args::<syn::Ident>()
            .is_ok_and(|ident| ident == "test")
}

/// A chain of re-exports that is longer bites its own tail.
const MOST_REEXPORTS: usize = 16;
