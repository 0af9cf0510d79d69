"""features/, models/ and tasks/ become one value. Everything that contradicts itself is named at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from pathlib import Path
from types import CodeType, ModuleType

from mlops.definitions import (
    Definition,
    Entity,
    FeatureView,
    Model,
    Monitor,
    Procedure,
    PythonFunction,
    Stream,
    Table,
    Task,
    TrainingSet,
    describe,
    key,
)
from mlops.errors import DefinitionError
from mlops.outputs import TABLES

FAMILIES = ("features", "models", "tasks")
_TYPES = (PythonFunction, Entity, FeatureView, Table, Procedure, TrainingSet, Model, Monitor, Stream, Task)
# What is built first stands first.
_ORDER = tuple(kind.kind for kind in _TYPES)

Key = tuple[str, str]


@dataclass(frozen=True)
class Declared:
    definition: Definition
    family: str
    file: str


@dataclass(frozen=True)
class Definitions:
    root: Path
    declared: tuple[Declared, ...]

    def find(self, wanted: Key) -> Definition | None:
        return next((one.definition for one in self.declared if key(one.definition) == wanted), None)

    def of_family(self, families: Iterable[str]) -> tuple[Definition, ...]:
        return tuple(one.definition for one in self.declared if one.family in families)

    def of_file(self, file: Path) -> tuple[Definition, ...]:
        """What the file declares and all that it needs."""
        name = _relative(file.resolve(), self.root)
        wanted = {key(one.definition) for one in self.declared if one.file == name}
        while more := {other for one in wanted for other in self._needs(one)} - wanted:
            wanted |= more
        return tuple(one.definition for one in self.declared if key(one.definition) in wanted)

    def model(self, name: str) -> Model:
        found = self.find((Model.kind, name))
        if not isinstance(found, Model):
            known = ", ".join(one.definition.name for one in self.declared if isinstance(one.definition, Model)) or "none"
            raise DefinitionError(f"There is no model {name}; declared: {known}.")
        return found

    def monitor(self, name: str) -> Monitor:
        found = self.find((Monitor.kind, name))
        if not isinstance(found, Monitor):
            raise DefinitionError(f"There is no monitor {name}.")
        return found

    def entities(self, view: FeatureView) -> tuple[Entity, ...]:
        found = (self.find((Entity.kind, name)) for name in view.entities)
        return tuple(entity for entity in found if isinstance(entity, Entity))

    def training_set(self, model: Model) -> TrainingSet:
        found = self.find((TrainingSet.kind, model.training_set))
        if not isinstance(found, TrainingSet):
            raise DefinitionError(f"{describe(model)} needs training set {model.training_set}, which is not declared.")
        return found

    def learners(self, training_set: TrainingSet) -> tuple[Model, ...]:
        models = (one.definition for one in self.declared if isinstance(one.definition, Model))
        return tuple(one for one in models if one.training_set == training_set.full_name)

    def dataset(self, name: str, version: str) -> TrainingSet:
        """The training set of this name and version, or the only one of the name, whose versions are those of its runs."""
        sets = [one.definition for one in self.declared if isinstance(one.definition, TrainingSet)]
        found = [one for one in sets if one.name == name and one.version in (version, None)]
        if not found:
            known = ", ".join(f"{one.name}:{one.version or 'any'}" for one in sets) or "none"
            raise DefinitionError(f"There is no dataset {name}:{version}; declared: {known}.")
        return found[0]

    def source_tables(self, definitions: Iterable[Definition]) -> tuple[str, ...]:
        read = [table for one in definitions for table in getattr(one, "reads", ())]
        return tuple(sorted(set(read)))

    def _needs(self, wanted: Key) -> tuple[Key, ...]:
        found = self.find(wanted)
        return found.requires if found else ()


def collect(root: Path) -> Definitions:
    root = root.resolve()
    found = _read_all(root)
    declared = sorted((*found, *_output_tables(found)), key=lambda one: _ORDER.index(one.definition.kind))
    definitions = Definitions(root, tuple(declared))
    faults = [*_duplicates(declared), *_mixed(found), *_unknown(definitions), *_missing_files(definitions)]
    if faults:
        raise DefinitionError(" ".join(faults))
    return definitions


def owner_of(root: Path, repository: str) -> str:
    """Whose the objects are: a repository's, or those of one of its folders when it has content in several."""
    folder = root.resolve()
    checkout = next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder.parent)
    below = folder.relative_to(checkout).as_posix()
    return repository if below == "." else f"{repository}/{below}"


def _read_all(root: Path) -> list[Declared]:
    found: list[Declared] = []
    faults: list[str] = []
    for family in FAMILIES:
        for file in _files(root, family):
            try:
                found += [Declared(value, family, _relative(file, root)) for value in _values(file)]
            except DefinitionError as error:
                # The other files may have faults of their own, which are better told at once.
                faults.append(str(error))
    if faults:
        raise DefinitionError(" ".join(faults))
    return found


def _files(root: Path, family: str) -> Iterator[Path]:
    for file in sorted((root / family).glob("*.py")):
        # Only a file that imports the definitions declares something. What lies beside it, such as the code of a
        # function, is for Snowflake, and may import what is not installed here.
        if "mlops.definitions" in file.read_text():
            yield file


def _values(file: Path) -> list[Definition]:
    return [value for value in vars(_load(file)).values() if isinstance(value, _TYPES)]


class _SourceLoader(SourceFileLoader):
    """Compiles what the file says now: compiled code beside it counts as fresh when size and second are the same."""

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _load(file: Path) -> ModuleType:
    name = f"_content_{file.parent.name}_{file.stem}"
    loader = _SourceLoader(name, str(file))
    module = module_from_spec(ModuleSpec(name, loader, origin=str(file)))
    module.__file__ = str(file)
    try:
        loader.exec_module(module)
    except DefinitionError as error:
        raise DefinitionError(f"{file.parent.name}/{file.name}: {error}") from error
    except ImportError as error:
        hint = "install it or, if it is a file of the content, call mlops in the content's folder"
        raise DefinitionError(f"{file.parent.name}/{file.name}: {error}; {hint}.") from error
    return module


def _output_tables(found: list[Declared]) -> Iterator[Declared]:
    """A procedure names the tables that it adds to; the first family that names one brings it."""
    seen: set[str] = set()
    for one in found:
        if isinstance(one.definition, Procedure):
            fresh = [name for name in one.definition.writes if name in TABLES and name not in seen]
            seen.update(fresh)
            yield from (Declared(TABLES[name], one.family, one.file) for name in fresh)


def _duplicates(declared: list[Declared]) -> Iterator[str]:
    files: dict[Key, str] = {}
    for one in declared:
        if key(one.definition) in files:
            yield f"{describe(one.definition)} is declared in {files[key(one.definition)]} and again in {one.file}."
        files.setdefault(key(one.definition), one.file)


def _mixed(found: list[Declared]) -> Iterator[str]:
    """Trainings name versions of the Dataset by their own numbers where none is declared, and would meet those that are."""
    sets = [one.definition for one in found if isinstance(one.definition, TrainingSet)]
    versioned, others = ({one.name for one in sets if one.stored is stored} for stored in (True, False))
    yield from (
        f"Training set {name} is declared with a version and without one: name one of them otherwise."
        for name in sorted(versioned & others)
    )


def _unknown(definitions: Definitions) -> Iterator[str]:
    for one in definitions.declared:
        for wanted in one.definition.requires:
            if definitions.find(wanted) is None:
                yield f"{describe(one.definition)} in {one.file} needs {wanted[0]} {wanted[1]}, which is not declared."


def _missing_files(definitions: Definitions) -> Iterator[str]:
    for one in definitions.declared:
        for file in one.definition.files if isinstance(one.definition, PythonFunction) else ():
            if not (definitions.root / file).exists():
                yield f"{describe(one.definition)} in {one.file} needs {file}, which does not exist."


def _relative(file: Path, root: Path) -> str:
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()
